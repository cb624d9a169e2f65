import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { ApiEnv } from '../context.ts'

/** False where nothing but middleware answers to this method and path: 404 or 405 in the end. */
export function hasEndpoint(c: Context<ApiEnv>): boolean {
  return matchedRoutes(c).some(({ method }) => method !== 'ALL')
}
