import type { Context } from 'hono'
import { basePath } from 'hono/route'
import type { ApiEnv } from '../context.ts'

/** Returns the path that the app is mounted at, such as `/llm`, or ''. Only the first middleware can call it. */
export function getMountPath(c: Context<ApiEnv>): string {
  const path = basePath(c)
  return path === '/' ? '' : path
}

/** Returns the path of a request without the mount path, as this app's routes declare it. */
export function getRequestPath(c: Context<ApiEnv>): string {
  return c.req.path.slice(c.var.prefix.length) || '/'
}
