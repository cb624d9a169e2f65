import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import type { Context } from 'hono'
import type { Api, ApiEnv } from './context.ts'
import { ApiError } from './errors.ts'
import { readPageFile } from './page-files.ts'

/** What the page may do: nothing that doesn't come from this server, and no script or style but files. */
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

/** A name as Vite gives it: no separator and no dot in front, so it can't leave its folder. */
const assetName = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/

/** `/`: the chat page. */
export function addChatPage(api: Api, read: typeof readPageFile = readPageFile): void {
  const showPage = async (c: Context<ApiEnv>): Promise<Response> => {
    const index = await read('index.html')
    c.header('content-security-policy', policy)
    // It names the assets of its build, so a browser has to ask whether it is still the one.
    c.header('cache-control', 'no-cache')
    if (index === undefined) return c.html(missing, 503)
    const etag = `"${createHash('sha256').update(index).digest('base64url').slice(0, 27)}"`
    c.header('etag', etag)
    if (c.req.header('if-none-match') === etag) return c.body(null, 304)
    return c.html(new TextDecoder().decode(index))
  }
  // Addresses of the page are relative, so below a prefix it needs the slash, with which Hono's routes don't match.
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
    if (type === undefined || bytes === undefined) return notFound(c)
    // Its name changes with what is in it.
    c.header('cache-control', 'public, max-age=31536000, immutable')
    c.header('content-security-policy', policy)
    return c.body(bytes, 200, { 'content-type': type })
  })
}

function notFound(c: Context<ApiEnv>): never {
  throw new ApiError(404, 'not_found', `There is no ${c.req.method} ${c.req.path}.`)
}

/** Only in the repository: the published package has the page inside. */
const missing = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The page is not built</title>
<h1>The chat page is not built yet</h1>
<p>Run <code>npm run build --workspace packages/chat-page</code> in the repository, and load this page again.</p>
<p>The API works without it: <a href="docs">what it can be asked</a>.</p>
</html>
`
