import type { MiddlewareHandler } from 'hono'

/**
 * Says in the header Server-Timing how long an answer took to begin. Browsers show it in their developer tools:
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Server-Timing.
 */
export const serverTiming: MiddlewareHandler = async (c, next) => {
  const started = performance.now()
  await next()
  c.header('Server-Timing', `app;dur=${(performance.now() - started).toFixed(1)}`)
}
