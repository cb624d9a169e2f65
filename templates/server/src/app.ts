import { Hono } from 'hono'
import { type ApiEnv, createApp, type Services } from 'mlx-app-server'
import { addAsk } from './ask.ts'
import { serverTiming } from './server-timing.ts'

/**
 * The app that is served: the API and the chat page of mlx-app-server, with a route and a middleware of this project.
 *
 * @param services what both share: the engine, the models, keys, limits, the log.
 */
export function createOwnApp(services: Services): Hono<Pick<ApiEnv, 'Bindings'>> {
  const api = createApp(services)
  // A route that is added to the API comes behind its check of keys, its limits and its log.
  addAsk(api, services)

  const app = new Hono<Pick<ApiEnv, 'Bindings'>>()
  // What is added here comes before all of them.
  app.use(serverTiming)
  app.all('*', (c) => api.fetch(c.req.raw, c.env))
  return app
}
