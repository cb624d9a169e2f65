import type { Context } from 'hono'
import type { Caller } from '../caller.ts'
import type { Api, ApiEnv, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { getRequestPath } from './mount-path.ts'

/** Public paths: health checks, the chat page, which asks for the key itself, and the API description. */
const publicPaths = new Set(['/', '/health', '/ready', '/api/status', '/docs', '/docs.css', '/openapi.json'])
const publicFolder = '/assets/'

/**
 * Authenticates requests, with the app's `authenticate` if it has one, otherwise with an API key as soon as one
 * exists. Keys are accepted in the header of OpenAI's clients and in that of Anthropic's.
 */
export function addAuthentication(api: Api, services: Services): void {
  api.use(async (c, next) => {
    if (!requiresCaller(services) || isPublic(c)) return next()
    const caller = await identifyCaller(c, services)
    if (caller === undefined) {
      c.header('www-authenticate', 'Bearer')
      throw services.authenticate === undefined ? missingKeyError() : unknownCallerError()
    }
    c.set('caller', caller)
    await next()
  })
}

/** Whether requests must be authenticated. */
export function requiresCaller({ keys, authenticate }: Pick<Services, 'keys' | 'authenticate'>): boolean {
  return authenticate !== undefined || keys.required
}

/** Whether this request would be rejected because it has no key, or because `authenticate` does not know it. */
export async function lacksCaller(c: Context<ApiEnv>, services: Services): Promise<boolean> {
  if (services.authenticate === undefined) return services.keys.required
  return (await identifyCaller(c, services)) === undefined
}

/** Returns the sender of a request, or undefined if it is unknown. */
async function identifyCaller(
  c: Context<ApiEnv>,
  { keys, authenticate }: Services,
): Promise<Caller | undefined> {
  // An empty name counts as unknown.
  if (authenticate !== undefined) return (await authenticate(c.req.raw)) || undefined
  // This also runs without a key, so that a broken keys file is reported as a server error to everyone.
  return readKeys(c).flatMap((key) => keys.findName(key) ?? [])[0]
}

function missingKeyError(): ApiError {
  const message = 'A valid API key is required. Send it as "Authorization: Bearer KEY" or "x-api-key: KEY".'
  return new ApiError(401, 'invalid_api_key', message)
}

function unknownCallerError(): ApiError {
  return new ApiError(401, 'not_authenticated', 'This request is not authenticated.')
}

function isPublic(c: Context<ApiEnv>): boolean {
  const { method } = c.req
  const path = getRequestPath(c)
  return (method === 'GET' || method === 'HEAD') && (publicPaths.has(path) || path.startsWith(publicFolder))
}

/** Returns the keys that a request sends. A missing key is an empty string, which matches nobody. */
function readKeys(c: Context<ApiEnv>): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  return [bearer ?? '', c.req.header('x-api-key') ?? '']
}
