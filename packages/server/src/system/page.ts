import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Context } from 'hono'
import { scriptCommand } from 'mlx-app/setup'
import type { Api, ApiEnv, Services } from '../context.ts'
import { ApiError } from '../errors.ts'

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

/** `/`: the chat page, as `npm run build` put it in dist/web. */
export function page(api: Api, { root }: Pick<Services, 'root'>): void {
  const folder = join(root, 'dist', 'web')
  api.get('/', async (c) => {
    const index = await content(join(folder, 'index.html'))
    c.header('content-security-policy', policy)
    // It names the assets of its build, so a browser has to ask whether it is still the one.
    c.header('cache-control', 'no-cache')
    if (index === undefined) return c.html(missing(), 503)
    const etag = `"${createHash('sha256').update(index).digest('base64url').slice(0, 27)}"`
    c.header('etag', etag)
    if (c.req.header('if-none-match') === etag) return c.body(null, 304)
    return c.html(new TextDecoder().decode(index))
  })
  api.get('/assets/:name', async (c) => {
    const name = c.req.param('name')
    const type = types[extname(name)]
    const bytes =
      type !== undefined && assetName.test(name) ? await content(join(folder, 'assets', name)) : undefined
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

/** Undefined where there is no such file. */
async function content(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return undefined
    throw error
  }
}

const missing = () => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The page is not built</title>
<h1>The chat page is not built yet</h1>
<p>Run <code>${scriptCommand('build')}</code> in the project, and load this page again. <code>${scriptCommand('start')}</code> does so by itself.</p>
<p>The API works without it: <a href="/docs">what it can be asked</a>.</p>
</html>
`
