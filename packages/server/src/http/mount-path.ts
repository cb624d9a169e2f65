import type { Context } from 'hono'
import { basePath } from 'hono/route'
import type { ApiEnv } from '../context.ts'

/** What the app is mounted below, as `/llm`; empty where it is not. To be asked by the first middleware. */
export function getMountPath(c: Context<ApiEnv>): string {
  const path = basePath(c)
  return path === '/' ? '' : path
}

/** The path of a request as this app declares it: without what the app is mounted below. */
export function getRequestPath(c: Context<ApiEnv>): string {
  return c.req.path.slice(c.var.prefix.length) || '/'
}
