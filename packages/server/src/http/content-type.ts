import type { Api } from '../context.ts'
import { ApiError } from '../errors.ts'
import { hasEndpoint } from './endpoint.ts'

/**
 * Accepts only JSON. Unlike text or forms, cross-origin pages cannot send it without a preflight
 * (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
 */
export function addContentTypeCheck(api: Api): void {
  api.use(async (c, next) => {
    if (c.req.method === 'POST' && hasEndpoint(c)) {
      const [type = ''] = (c.req.header('content-type') ?? '').split(';')
      if (type.trim().toLowerCase() !== 'application/json')
        throw new ApiError(415, 'unsupported_media_type', 'The body must be sent as application/json.')
      const coding = c.req.header('content-encoding') ?? 'identity'
      if (coding !== 'identity')
        throw new ApiError(415, 'unsupported_media_type', `The body must not be compressed (${coding}).`)
    }
    await next()
  })
}
