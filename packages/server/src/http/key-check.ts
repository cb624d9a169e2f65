import type { Context } from 'hono'
import type { Api, ApiEnv, Services } from '../context.ts'
import { ApiError } from '../errors.ts'

/** What says nothing of use: for balancers, for the page, which asks its user for the key, and what the API is. */
const open = new Set(['/', '/health', '/ready', '/api/status', '/docs', '/docs.css', '/openapi.json'])
const openFolder = '/assets/'

/** Demands a key as soon as there is one, in the header of OpenAI's clients or in that of Anthropic's. */
export function keyCheck(api: Api, { keys }: Services): void {
  api.use(async (c, next) => {
    if (!keys.required || isOpen(c)) return next()
    // Asked without a key too: a file that is broken is told to everybody as what it is, a fault of the server.
    const [name] = shown(c).flatMap((key) => keys.find(key) ?? [])
    if (name === undefined) {
      c.header('www-authenticate', 'Bearer')
      throw new ApiError(
        401,
        'invalid_api_key',
        'A valid key is needed: send it as "Authorization: Bearer KEY" or as "x-api-key: KEY".',
      )
    }
    c.set('caller', name)
    await next()
  })
}

function isOpen(c: Context<ApiEnv>): boolean {
  const { method, path } = c.req
  return (method === 'GET' || method === 'HEAD') && (open.has(path) || path.startsWith(openFolder))
}

/** The keys that a request bears; an empty one, which is nobody's, where there is none. */
function shown(c: Context<ApiEnv>): string[] {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  return [bearer ?? '', c.req.header('x-api-key') ?? '']
}
