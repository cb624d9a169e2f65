import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { ApiEnv } from '../context.ts'

/** Whether an endpoint, and not only middleware, matches this method and path. */
export function hasEndpoint(c: Context<ApiEnv>): boolean {
  return matchedRoutes(c).some(({ method }) => method !== 'ALL')
}
