import { readFile } from 'node:fs/promises'
import { extname, resolve, sep } from 'node:path'
import { protocol } from 'electron'
import { appScheme, isPageAddress } from './page-address.ts'

/** The Content-Security-Policy: only files of the page, nothing inline, and no connections. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const types: Partial<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Declares `app://` before Electron is ready, as a scheme with an origin that can store data. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: appScheme, privileges: { standard: true, secure: true } }])
}

/** Serves the files of a folder at `app://page/`. */
export function handleAppScheme(folder: string): void {
  protocol.handle(appScheme, (request) => respond(request, folder))
}

/** Returns the response for a request: a file of the folder, or 404. */
export async function respond(request: Request, folder: string): Promise<Response> {
  const path = request.method === 'GET' ? filePath(request.url, folder) : undefined
  const type = path === undefined ? undefined : types[extname(path)]
  const bytes =
    path === undefined || type === undefined ? undefined : await readFile(path).catch(() => undefined)
  const headers = {
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
  }
  if (bytes === undefined || type === undefined) return new Response('Not found', { status: 404, headers })
  return new Response(bytes, { headers: { ...headers, 'content-type': type } })
}

/** Returns the path of the file that an address names, or undefined if it is outside of the folder. */
function filePath(address: string, folder: string): string | undefined {
  if (!isPageAddress(address)) return undefined
  let name: string
  try {
    name = decodeURIComponent(new URL(address).pathname)
  } catch {
    // The escapes are invalid.
    return undefined
  }
  if (/[\0\\]/.test(name)) return undefined
  const path = resolve(folder, `.${name}`)
  return path.startsWith(folder + sep) ? path : undefined
}
