import type { Context } from 'hono'
import type { Api, ApiEnv, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { originNotAllowedError } from './cors.ts'
import { isLoopback, parseHostName } from './loopback.ts'
import { getRequestPath } from './mount-path.ts'
import { getNodeBindings } from './node-bindings.ts'

/**
 * Keeps foreign web pages away from a server without keys. Such a server listens on this machine only, but any page
 * that the user opens could call it. A page that uses DNS rebinding is recognised by its Host header, other pages by
 * Origin, or by Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/) for images and links.
 *
 * With keys, a page would need one. An `authenticate` that uses cookies is safe too: other host names have no
 * cookies, and cross-origin requests that are not JSON, or that need a preflight, are rejected.
 */
export function addBrowserGuard(api: Api, { keys, authenticate, settings }: Services): void {
  const hosts = settings.allowedHosts.map((name) => name.toLowerCase())
  api.use(async (c, next) => {
    const host = readHost(c)
    if (authenticate !== undefined || keys.required) return next()
    const name = parseHostName(host)
    if (name === undefined || !(isLoopback(name) || hosts.includes(name) || hosts.includes(host))) {
      throw new ApiError(
        403,
        'host_not_allowed',
        `This server does not accept requests for the host "${host}".`,
      )
    }
    const origin = c.req.header('origin')
    if (origin !== undefined) {
      if (
        origin !== `http://${host}` &&
        origin !== `https://${host}` &&
        !settings.allowedOrigins.includes(origin)
      )
        throw originNotAllowedError(`Pages from "${origin}"`)
    } else if (c.req.header('sec-fetch-site') === 'cross-site' && !isPageNavigation(c)) {
      throw originNotAllowedError('Pages from other sites')
    }
    await next()
  })
}

/**
 * Returns the requested host, from the Host header or from an absolute target such as `http://name/path`.
 *
 * @throws ApiError 400 if they differ or there are several, because other software may pick another one.
 */
function readHost(c: Context<ApiEnv>): string {
  const node = getNodeBindings(c)
  if (node === undefined) return (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
  const [host = '', ...others] = node.incoming.headersDistinct.host ?? []
  const { url = '' } = node.incoming
  const target = URL.canParse(url) ? new URL(url) : undefined
  const same = target === undefined || target.host === new URL(`${target.protocol}//${host}`).host
  if (others.length > 0 || !same)
    throw new ApiError(400, 'invalid_host', 'The request names more than one host.')
  return host.toLowerCase()
}

/** Whether someone followed a link to the chat page. The linking page cannot read the response. */
function isPageNavigation(c: Context<ApiEnv>): boolean {
  const { method } = c.req
  const mode = c.req.header('sec-fetch-mode')
  return (
    method === 'GET' &&
    getRequestPath(c) === '/' &&
    mode === 'navigate' &&
    c.req.header('sec-fetch-dest') === 'document'
  )
}
