import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ApiEnv } from '../context.ts'

/** Node's own request and response; undefined where another server than @hono/node-server, or a test, asks the app. */
export function getNodeBindings(c: Context<ApiEnv>): HttpBindings | undefined {
  // Without any, Hono has no object at all.
  const { incoming, outgoing }: ApiEnv['Bindings'] = c.env ?? {}
  return incoming === undefined || outgoing === undefined ? undefined : { incoming, outgoing }
}
