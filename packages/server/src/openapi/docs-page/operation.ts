import { html } from 'hono/html'
import { curlOf } from './curl.ts'
import { field, fieldsOf } from './fields.ts'
import { type Answer, nameIn, type Operation, type PageModel, type Schema } from './model.ts'
import { type Html, inline, prose } from './prose.ts'
import { typeOf } from './types.ts'

export interface Place {
  /** Where the server answers, without a slash at its end. */
  url: string
  needsKey: boolean
}

/** One operation: what it takes, what it gives, how it fails, and a command that tries it. */
export function operation(made: Operation, model: PageModel, place: Place): Html {
  const { operationId, method, path, summary, description, parameters, requestBody } = made
  const body = requestBody?.content['application/json']?.schema
  return html`<article id="${operationId}">
    <h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>
    <p class="summary">${inline(summary)}</p>
    ${description === undefined ? '' : prose(description)}
    <pre tabindex="0" aria-label="Example of ${summary}">${curlOf(made, place.url, place.needsKey)}</pre>
    ${parameters.length === 0 ? '' : part('Parameters', true, html`<ul class="fields">${parameters.map(parameter)}</ul>`)}
    ${body === undefined ? '' : part('Request', true, shape(body, model))}
    ${Object.entries(made.responses)
      .filter(([status]) => status < '300')
      .map(([, answer]) => part('Answer', false, answered(answer, model)))}
    ${part('Errors', false, errors(made, model))}
  </article>`
}

/** A named schema on its own. */
export function namedSchema(name: string, schema: Schema): Html {
  return html`<article id="schema-${name}">
    <h3><code>${name}</code></h3>
    ${schema.description === undefined ? '' : prose(schema.description)}
    ${fieldsOf(schema) ?? html`<p>${typeOf(schema)}</p>`}
  </article>`
}

function part(title: string, open: boolean, content: Html): Html {
  const summary = html`<summary>${title}</summary>`
  return open
    ? html`<details class="part" open>${summary}${content}</details>`
    : html`<details class="part">${summary}${content}</details>`
}

function parameter({ name, required = false, schema = {}, description }: Operation['parameters'][number]) {
  return field({ name, required, schema, description })
}

function answered({ description, content = {} }: Answer, model: PageModel): Html {
  const forms = Object.entries(content).map(
    ([type, { schema = {} }]) => html`<h4><code>${type}</code></h4>${shape(schema, model)}`,
  )
  return html`${description === undefined ? '' : prose(description)}${forms}`
}

/** A schema's fields; one that has a name is shown in full here all the same, since here it is looked for. */
function shape(schema: Schema, { schemas }: PageModel): Html {
  const whole = schema.$ref === undefined ? schema : (schemas[nameIn(schema.$ref)] ?? schema)
  return fieldsOf(whole) ?? html`<p class="type">${typeOf(whole)}</p>`
}

function errors({ responses }: Operation, { answers }: PageModel): Html {
  const rows = Object.entries(responses)
    .filter(([status]) => status >= '400')
    .map(([status, answer]) => {
      const { description = '' } =
        answer.$ref === undefined ? answer : (answers[nameIn(answer.$ref)] ?? answer)
      return html`<tr><th scope="row">${status}</th><td>${inline(description)}</td></tr>`
    })
  return html`<table>${rows}</table>`
}
