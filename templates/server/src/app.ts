import { Hono } from 'hono'
import { type ApiEnv, createApp, type Services } from 'mlx-app-server'
import { addAsk } from './ask.ts'
import { serverTiming } from './server-timing.ts'

/**
 * Creates the app that is served: the API and the chat page of mlx-app-server, with this project's route and middleware.
 *
 * @param services the engine, models, keys, limits and log, which the API and this project share.
 */
export function createOwnApp(services: Services): Hono<Pick<ApiEnv, 'Bindings'>> {
  const api = createApp(services)
  // Routes added to the API come after its authentication, limits and log.
  addAsk(api, services)

  const app = new Hono<Pick<ApiEnv, 'Bindings'>>()
  // Middleware added here runs before all of them.
  app.use(serverTiming)
  app.all('*', (c) => api.fetch(c.req.raw, c.env))
  return app
}
