import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ApiEnv } from '../context.ts'

/** Returns Node's request and response, or undefined if something other than @hono/node-server calls the app. */
export function getNodeBindings(c: Context<ApiEnv>): HttpBindings | undefined {
  // Without bindings, `c.env` is undefined.
  const { incoming, outgoing }: ApiEnv['Bindings'] = c.env ?? {}
  return incoming === undefined || outgoing === undefined ? undefined : { incoming, outgoing }
}
