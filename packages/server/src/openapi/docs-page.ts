import type { Api, Services } from '../context.ts'
import { requiresCaller } from '../http/authentication.ts'
import { renderDocsPage } from './docs-page/html.ts'
import { type PageModel, parseDocument } from './docs-page/model.ts'
import { style } from './docs-page/style.ts'
import { buildDocument } from './document.ts'

/** The Content-Security-Policy: only the page's stylesheet, so that scripts in descriptions do not run. */
const policy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Adds `GET /docs`, the API reference for people, and its stylesheet. */
export function addDocsPage(api: Api, services: Services): void {
  let model: PageModel | undefined
  api.get('/docs', async (c) => {
    model ??= parseDocument(buildDocument(api))
    const { origin } = new URL(c.req.url)
    c.header('content-security-policy', policy)
    return c.html(
      await renderDocsPage(model, { url: origin + c.var.prefix, needsKey: requiresCaller(services) }),
    )
  })
  api.get('/docs.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
}
