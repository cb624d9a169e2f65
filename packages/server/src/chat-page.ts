import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { Context } from 'hono'
import type { Api, ApiEnv } from './context.ts'
import { notFoundError } from './http/error-handler.ts'
import { readPageFile } from './page-files.ts'

/** The Content-Security-Policy: only files from this server, no inline scripts or styles. */
const policy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
].join('; ')

const types: Partial<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** File names as Vite generates them. Without separators or a leading dot, they cannot leave their folder. */
const assetName = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/

/** Adds the chat page at `/`. */
export function addChatPage(api: Api, read: typeof readPageFile = readPageFile): void {
  const showPage = async (c: Context<ApiEnv>): Promise<Response> => {
    const index = await read('index.html')
    c.header('content-security-policy', policy)
    // The page names the assets of its build, so browsers must revalidate it.
    c.header('cache-control', 'no-cache')
    if (index === undefined) return c.html(missing, 503)
    const etag = `"${createHash('sha256').update(index).digest('base64url').slice(0, 27)}"`
    c.header('etag', etag)
    if (c.req.header('if-none-match') === etag) return c.body(null, 304)
    return c.html(new TextDecoder().decode(index))
  }
  // The page uses relative URLs, so a mounted page needs the trailing slash, which Hono's routes do not match.
  api.use(async (c, next) => {
    const { method, path } = c.req
    const { prefix } = c.var
    if (prefix === '' || (method !== 'GET' && method !== 'HEAD')) return next()
    if (path === prefix) return c.redirect(`${prefix}/`)
    return path === `${prefix}/` ? showPage(c) : next()
  })
  api.get('/', showPage)
  api.get('/assets/:name', async (c) => {
    const name = c.req.param('name')
    const type = types[extname(name)]
    const bytes = type !== undefined && assetName.test(name) ? await read(`assets/${name}`) : undefined
    if (type === undefined || bytes === undefined) throw notFoundError(c)
    // The file name changes with the contents.
    c.header('cache-control', 'public, max-age=31536000, immutable')
    c.header('content-security-policy', policy)
    return c.body(bytes, 200, { 'content-type': type })
  })
}

/** Shown only in the repository. The published package always contains the page. */
const missing = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The chat page is not built</title>
<h1>The chat page is not built yet</h1>
<p>Run <code>npm run build --workspace packages/chat-page</code> in the repository, then reload this page.</p>
<p>The API works without it: see the <a href="docs">API reference</a>.</p>
</html>
`
