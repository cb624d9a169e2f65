import { html } from 'hono/html'
import { curlCommand } from './curl.ts'
import { renderField, renderFields } from './fields.ts'
import { type Answer, type Operation, type PageModel, type Schema, schemaName } from './model.ts'
import { type Html, renderInline, renderProse } from './prose.ts'
import { renderType } from './types.ts'

export interface ServerAddress {
  /** The address without a trailing slash. */
  url: string
  needsKey: boolean
}

/** Renders an operation: its parameters, request, response, errors, and an example command. */
export function renderOperation(made: Operation, model: PageModel, place: ServerAddress): Html {
  const { operationId, method, path, summary, description, parameters, requestBody } = made
  const body = requestBody?.content['application/json']?.schema
  return html`<article id="${operationId}">
    <h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>
    <p class="summary">${renderInline(summary)}</p>
    ${description === undefined ? '' : renderProse(description)}
    <pre tabindex="0" aria-label="Example of ${summary}">${curlCommand(made, place.url, place.needsKey)}</pre>
    ${parameters.length === 0 ? '' : renderPart('Parameters', true, html`<ul class="fields">${parameters.map(renderParameter)}</ul>`)}
    ${body === undefined ? '' : renderPart('Request', true, renderBody(body, model))}
    ${Object.entries(made.responses)
      .filter(([status]) => status < '300')
      .map(([, answer]) => renderPart('Response', false, renderAnswer(answer, model)))}
    ${renderPart('Errors', false, renderErrors(made, model))}
  </article>`
}

/** Renders a named schema. */
export function renderSchema(name: string, schema: Schema): Html {
  return html`<article id="schema-${name}">
    <h3><code>${name}</code></h3>
    ${schema.description === undefined ? '' : renderProse(schema.description)}
    ${renderFields(schema) ?? html`<p>${renderType(schema)}</p>`}
  </article>`
}

function renderPart(title: string, open: boolean, content: Html): Html {
  const summary = html`<summary>${title}</summary>`
  return open
    ? html`<details class="part" open>${summary}${content}</details>`
    : html`<details class="part">${summary}${content}</details>`
}

function renderParameter({
  name,
  required = false,
  schema = {},
  description,
}: Operation['parameters'][number]) {
  return renderField({ name, required, schema, description })
}

function renderAnswer({ description, content = {} }: Answer, model: PageModel): Html {
  const forms = Object.entries(content).map(
    ([type, { schema = {} }]) => html`<h4><code>${type}</code></h4>${renderBody(schema, model)}`,
  )
  return html`${description === undefined ? '' : renderProse(description)}${forms}`
}

/** Renders the fields of a request or response. Named schemas are shown in full here too. */
function renderBody(schema: Schema, { schemas }: PageModel): Html {
  const whole = schema.$ref === undefined ? schema : (schemas[schemaName(schema.$ref)] ?? schema)
  return renderFields(whole) ?? html`<p class="type">${renderType(whole)}</p>`
}

function renderErrors({ responses }: Operation, { answers }: PageModel): Html {
  const rows = Object.entries(responses)
    .filter(([status]) => status >= '400')
    .map(([status, answer]) => {
      const { description = '' } =
        answer.$ref === undefined ? answer : (answers[schemaName(answer.$ref)] ?? answer)
      return html`<tr><th scope="row">${status}</th><td>${renderInline(description)}</td></tr>`
    })
  return html`<table>${rows}</table>`
}
