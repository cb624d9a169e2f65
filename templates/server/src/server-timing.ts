import type { MiddlewareHandler } from 'hono'

/**
 * Adds the time until the response started as a Server-Timing header. Browsers show it in their developer tools:
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Server-Timing.
 */
export const serverTiming: MiddlewareHandler = async (c, next) => {
  const started = performance.now()
  await next()
  c.header('Server-Timing', `app;dur=${(performance.now() - started).toFixed(1)}`)
}
