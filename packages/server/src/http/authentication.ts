import type { Context } from 'hono'
import type { Caller } from '../caller.ts'
import type { Api, ApiEnv, Services } from '../context.ts'
import { ApiError } from '../errors.ts'
import { getRequestPath } from './mount-path.ts'

/** What says nothing of use: for balancers, for the page, which asks its user for the key, and what the API is. */
const open = new Set(['/', '/health', '/ready', '/api/status', '/docs', '/docs.css', '/openapi.json'])
const openFolder = '/assets/'

/**
 * Asks who sends a request: the app's own `authenticate` where it has one, else a key as soon as there is one, in the
 * header of OpenAI's clients or in that of Anthropic's.
 */
export function addAuthentication(api: Api, services: Services): void {
  api.use(async (c, next) => {
    if (!requiresCaller(services) || isOpen(c)) return next()
    const caller = await identifyCaller(c, services)
    if (caller === undefined) {
      c.header('www-authenticate', 'Bearer')
      throw services.authenticate === undefined ? missingKeyError() : unknownCallerError()
    }
    c.set('caller', caller)
    await next()
  })
}

/** Whether requests have to say who sends them. */
export function requiresCaller({ keys, authenticate }: Pick<Services, 'keys' | 'authenticate'>): boolean {
  return authenticate !== undefined || keys.required
}

/** Whether this request would be refused for want of a key, or of what `authenticate` looks for. */
export async function lacksCaller(c: Context<ApiEnv>, services: Services): Promise<boolean> {
  if (services.authenticate === undefined) return services.keys.required
  return (await identifyCaller(c, services)) === undefined
}

/** Who sends a request; undefined for nobody known. */
async function identifyCaller(
  c: Context<ApiEnv>,
  { keys, authenticate }: Services,
): Promise<Caller | undefined> {
  // A name that is empty is none.
  if (authenticate !== undefined) return (await authenticate(c.req.raw)) || undefined
  // Asked without a key too: a file that is broken is told to everybody as what it is, a fault of the server.
  return readKeys(c).flatMap((key) => keys.findName(key) ?? [])[0]
}

function missingKeyError(): ApiError {
  const message = 'A valid key is needed: send it as "Authorization: Bearer KEY" or as "x-api-key: KEY".'
  return new ApiError(401, 'invalid_api_key', message)
}

function unknownCallerError(): ApiError {
  return new ApiError(401, 'not_authenticated', 'This server does not know who sends this request.')
}

function isOpen(c: Context<ApiEnv>): boolean {
  const { method } = c.req
  const path = getRequestPath(c)
  return (method === 'GET' || method === 'HEAD') && (open.has(path) || path.startsWith(openFolder))
}

/** The keys that a request bears; an empty one, which is nobody's, where there is none. */
function readKeys(c: Context<ApiEnv>): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  return [bearer ?? '', c.req.header('x-api-key') ?? '']
}
