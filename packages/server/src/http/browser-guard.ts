import type { Context } from 'hono'
import type { Api, ApiEnv, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { isLoopback, parseHostName } from './loopback.ts'
import { getRequestPath } from './mount-path.ts'
import { getNodeBindings } from './node-bindings.ts'

/**
 * Keeps web pages out of a server without keys, which is one on this machine: any page that its user opens could
 * call it. A page on a name that its owner has pointed at 127.0.0.1 since (DNS rebinding) is seen by the Host that
 * the browser sends, any other one by its Origin, or by Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/) where
 * a browser sends no Origin: with images and links. With keys, a page would need one; and an `authenticate` that goes by
 * cookies is safe by what they are: another name has none, and what is no JSON, or asks first (CORS), is refused.
 */
export function addBrowserGuard(api: Api, { keys, authenticate, settings }: Services): void {
  const hosts = settings.allowedHosts.map((name) => name.toLowerCase())
  api.use(async (c, next) => {
    const host = readHost(c)
    if (authenticate !== undefined || keys.required) return next()
    const name = parseHostName(host)
    if (name === undefined || !(isLoopback(name) || hosts.includes(name) || hosts.includes(host))) {
      throw new ApiError(403, 'host_not_allowed', `This server does not answer to the name "${host}".`)
    }
    const origin = c.req.header('origin')
    if (origin !== undefined) {
      if (
        origin !== `http://${host}` &&
        origin !== `https://${host}` &&
        !settings.allowedOrigins.includes(origin)
      )
        throw new ApiError(403, 'origin_not_allowed', `Pages of "${origin}" may not use this server.`)
    } else if (c.req.header('sec-fetch-site') === 'cross-site' && !isPageNavigation(c)) {
      throw new ApiError(403, 'origin_not_allowed', 'Other pages may not use this server.')
    }
    await next()
  })
}

/**
 * The Host header, or what stands in its place in a target like `http://name/path`.
 *
 * @throws ApiError 400 where they differ or there are several: what one part believes, another one may not.
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

/** Somebody who followed a link to the page: no other page sees what it shows. */
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
