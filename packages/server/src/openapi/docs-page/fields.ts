import { html } from 'hono/html'
import type { Schema } from './model.ts'
import { type Html, renderInline } from './prose.ts'
import { describeBounds, getDescription, listVariants, renderType } from './types.ts'

interface Field {
  name: string
  required: boolean
  schema: Schema
  description: string | undefined
}

/** Renders the fields of an object, with nested fields. Variants get a list each. */
export function renderFields(schema: Schema): Html | undefined {
  const objects = listObjects(schema)
  const [first, ...others] = objects
  if (first === undefined) return undefined
  if (others.length === 0) return renderList(first)
  return html`<ul class="forms">
    ${objects.map((form) => html`<li>${renderList(form)}</li>`)}
  </ul>`
}

/** Renders a field or parameter as a list item. */
export function renderField({ name, required, schema, description }: Field): Html {
  const bounds = describeBounds(schema)
  const within = renderFields(schema)
  return html`<li>
    <code class="name">${name}</code>
    <span class="type">${renderType(schema)}</span>
    ${required ? html`<span class="required">required</span>` : ''}
    ${bounds.length === 0 ? '' : html`<span class="bounds">${renderInline(bounds.join(', '))}</span>`}
    ${description === undefined ? '' : html`<div class="meaning">${renderInline(description)}</div>`}
    ${within === undefined ? '' : html`<details><summary>Fields of <code>${name}</code></summary>${within}</details>`}
  </li>`
}

function renderList({ properties = {}, required = [] }: Schema): Html {
  const fields = Object.entries(properties).map(([name, schema]) =>
    renderField({ name, required: required.includes(name), schema, description: getDescription(schema) }),
  )
  return html`<ul class="fields">${fields}</ul>`
}

/** Returns the object schemas of a value, of its items, or of its values. */
function listObjects(schema: Schema): Schema[] {
  return listVariants(schema).flatMap((form) => {
    if (form.properties !== undefined) return [form]
    if (form.items !== undefined) return listObjects(form.items)
    return typeof form.additionalProperties === 'object' ? listObjects(form.additionalProperties) : []
  })
}
