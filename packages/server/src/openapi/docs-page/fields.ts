import { html } from 'hono/html'
import type { Schema } from './model.ts'
import { type Html, inline } from './prose.ts'
import { boundsOf, descriptionOf, formsOf, typeOf } from './types.ts'

interface Field {
  name: string
  required: boolean
  schema: Schema
  description: string | undefined
}

/** The fields of an object, those within its fields too; of several forms, each with its own. */
export function fieldsOf(schema: Schema): Html | undefined {
  const objects = objectsOf(schema)
  const [first, ...others] = objects
  if (first === undefined) return undefined
  if (others.length === 0) return list(first)
  return html`<ul class="forms">
    ${objects.map((form) => html`<li>${list(form)}</li>`)}
  </ul>`
}

/** One field in a list: also for parameters. */
export function field({ name, required, schema, description }: Field): Html {
  const bounds = boundsOf(schema)
  const within = fieldsOf(schema)
  return html`<li>
    <code class="name">${name}</code>
    <span class="type">${typeOf(schema)}</span>
    ${required ? html`<span class="required">required</span>` : ''}
    ${bounds.length === 0 ? '' : html`<span class="bounds">${inline(bounds.join(', '))}</span>`}
    ${description === undefined ? '' : html`<div class="meaning">${inline(description)}</div>`}
    ${within === undefined ? '' : html`<details><summary>Fields of <code>${name}</code></summary>${within}</details>`}
  </li>`
}

function list({ properties = {}, required = [] }: Schema): Html {
  const fields = Object.entries(properties).map(([name, schema]) =>
    field({ name, required: required.includes(name), schema, description: descriptionOf(schema) }),
  )
  return html`<ul class="fields">${fields}</ul>`
}

/** The objects with fields that a value may be, or that it may hold as items or values. */
function objectsOf(schema: Schema): Schema[] {
  return formsOf(schema).flatMap((form) => {
    if (form.properties !== undefined) return [form]
    if (form.items !== undefined) return objectsOf(form.items)
    return typeof form.additionalProperties === 'object' ? objectsOf(form.additionalProperties) : []
  })
}
