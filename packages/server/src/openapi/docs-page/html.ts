import { html } from 'hono/html'
import type { PageModel } from './model.ts'
import { renderOperation, renderSchema, type ServerAddress } from './operation.ts'
import { type Html, renderProse } from './prose.ts'

/** Renders the API reference as a page without scripts or external resources. */
export function renderDocsPage(model: PageModel, place: ServerAddress): Html {
  const { title, description, sections, schemas } = model
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} API reference</title>
    <link rel="stylesheet" href="docs.css">
  </head>
  <body>
    <a class="skip" href="#main">Skip to content</a>
    <nav aria-label="Operations">${sections.map(renderContents)}
      <h2><a href="#schemas">Schemas</a></h2>
    </nav>
    <main id="main">
      <header>
        <h1>${title}</h1>
        ${renderProse(description)}
        <p>For programs, see <a href="openapi.json">openapi.json</a>.</p>
      </header>
      ${sections.map(
        ({ name, description, operations }) => html`<section id="${sectionId(name)}">
          <h2>${name}</h2>
          ${renderProse(description)}
          ${operations.map((made) => renderOperation(made, model, place))}
        </section>`,
      )}
      <section id="schemas">
        <h2>Schemas</h2>
        ${Object.entries(schemas).map(([name, schema]) => renderSchema(name, schema))}
      </section>
    </main>
  </body>
</html>`
}

function renderContents({ name, operations }: PageModel['sections'][number]): Html {
  return html`
      <h2><a href="#${sectionId(name)}">${name}</a></h2>
      <ul>${operations.map(
        ({ operationId, method, path }) =>
          html`<li><a href="#${operationId}"><span class="method ${method}">${method.toUpperCase()}</span> <code>${renderPath(path)}</code></a></li>`,
      )}</ul>`
}

/** Renders a path that can wrap at its slashes. */
function renderPath(path: string): Html[] {
  return path.split(/(?=\/)/).map((part) => html`${part}<wbr>`)
}

function sectionId(name: string): string {
  return `part-${name.toLowerCase().replaceAll(' ', '-')}`
}
