import type { Api, Services } from '../context.ts'
import { needsCaller } from '../http/authentication.ts'
import { describe } from './document.ts'
import { pageOf } from './docs-page/html.ts'
import { type PageModel, readDocument } from './docs-page/model.ts'
import { style } from './docs-page/style.ts'

/** Nothing but its own stylesheet: a description that held a script would not run it. */
const policy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `GET /docs`: the description of the API for people, and its stylesheet. */
export function documentPage(api: Api, services: Services): void {
  let model: PageModel | undefined
  api.get('/docs', async (c) => {
    model ??= readDocument(describe(api))
    const { origin } = new URL(c.req.url)
    c.header('content-security-policy', policy)
    return c.html(await pageOf(model, { url: origin + c.var.prefix, needsKey: needsCaller(services) }))
  })
  api.get('/docs.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
}
