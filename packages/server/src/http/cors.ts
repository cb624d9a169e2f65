import { cors } from 'hono/cors'
import type { Api, Services } from '../context.ts'
import { ApiError } from '../errors.ts'

/**
 * How long browsers cache a preflight, the maximum in Chromium:
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age.
 */
const preflightSeconds = 7200

/**
 * Adds CORS for the configured origins. They can send any header, because official clients add many (x-stainless-*,
 * anthropic-*), but no cookies. There is no `*`.
 */
export function addCors(api: Api, { settings }: Services): void {
  const allow = cors({
    origin: settings.allowedOrigins,
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: ['x-request-id', 'request-id', 'retry-after', 'x-history-changes'],
    maxAge: preflightSeconds,
  })
  api.use(async (c, next) => {
    const origin = c.req.header('origin')
    if (origin !== undefined && settings.allowedOrigins.includes(origin)) return allow(c, next)
    // Pages of this server send no preflight.
    if (c.req.header('access-control-request-method') !== undefined)
      throw originNotAllowedError(`Pages from "${origin}"`)
    return next()
  })
}

/**
 * Returns the error for web pages that must not use the server.
 *
 * @param pages names them, as the subject of the message.
 */
export function originNotAllowedError(pages: string): ApiError {
  return new ApiError(403, 'origin_not_allowed', `${pages} are not allowed to use this server.`)
}
