import { cors } from 'hono/cors'
import type { Api, Services } from '../context.ts'
import { ApiError } from '../errors.ts'

/** A browser asks again after so long: its longest, in Chromium (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age). */
const preflightSeconds = 7200

/**
 * Lets the configured pages read answers (CORS). They may send any header, since official clients have a dozen of
 * their own (x-stainless-*, anthropic-*); never cookies, and there is no `*`.
 */
export function addCors(api: Api, { settings }: Services): void {
  const allow = cors({
    origin: settings.allowedOrigins,
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: ['x-request-id', 'request-id', 'retry-after'],
    maxAge: preflightSeconds,
  })
  api.use(async (c, next) => {
    const origin = c.req.header('origin')
    if (origin !== undefined && settings.allowedOrigins.includes(origin)) return allow(c, next)
    // Its own page never asks first.
    if (c.req.header('access-control-request-method') !== undefined)
      throw new ApiError(403, 'origin_not_allowed', `Pages of "${origin}" may not use this server.`)
    return next()
  })
}
