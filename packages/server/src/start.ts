import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import type { Services } from './context.ts'
import { connectionOptions, limitConnections } from './http/connections.ts'
import { asStartError } from './listen-errors.ts'
import { OpenRequests } from './open-requests.ts'
import { createServices, type ServicesOptions } from './services.ts'
import { readSettings, type Settings } from './settings.ts'

/** A server that is listening. Disposing of it calls `close`. */
export interface RunningServer extends AsyncDisposable {
  /** The address of the server, such as `http://127.0.0.1:8000`. */
  url: string
  services: Services
  /** Resolves when the model is in memory. Rejects like `Services.start`. */
  ready: Promise<void>
  /** Stops accepting connections, lets running requests finish within GRACE_MS, and stops the worker. */
  close(): Promise<void>
  /** Stops everything immediately. */
  cut(): Promise<void>
}

/** An app that answers requests: a Hono app, or anything with the same `fetch`. */
export interface ServedApp {
  /** @param bindings Node's request and response, as `HttpBindings` of @hono/node-server. */
  fetch(request: Request, bindings: object): Response | Promise<Response>
}

/** The options of `startServer` and `runServer`. */
export interface StartOptions extends ServicesOptions {
  /** Creates the app to serve, such as your own app that mounts `createApp(services)`. Default: `createApp`. */
  app?: ((services: Services) => ServedApp | Promise<ServedApp>) | undefined
}

/** How many connections can wait to be accepted, so that a burst of clients causes no TCP timeouts. */
const backlog = 1024

/**
 * Starts listening immediately and loads the model in the background.
 *
 * @param settings the settings, by default from the environment. `readSettings({ PORT: '0' })` creates others.
 * @throws SettingError if an environment variable or the file that MCP_CONFIG names is invalid.
 * @throws KeyError if other machines can reach the address and there is neither a key nor `authenticate`.
 * @throws StartError if the server cannot listen on the address.
 * @throws EngineError INVALID_REQUEST if mlx.config.json is invalid.
 */
export async function startServer(
  settings: Settings = readSettings(process.env),
  options: StartOptions = {},
): Promise<RunningServer> {
  const services = await createServices(settings, options)
  try {
    if (options.authenticate === undefined) services.keys.requireKeyFor(settings.host)
    const app = await (options.app ?? createApp)(services)
    return await serve(app, services)
  } catch (error) {
    await services.close()
    throw error
  }
}

async function serve(app: ServedApp, services: Services): Promise<RunningServer> {
  const { settings, engineService } = services
  const server = createAdaptorServer({
    fetch: (request, bindings) => app.fetch(request, bindings),
    serverOptions: connectionOptions(settings),
  })
  if (!('closeIdleConnections' in server)) throw new Error('Only HTTP/1.1 servers are supported.')
  limitConnections(server, settings)
  const requests = new OpenRequests(server)
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  await listen(server, settings)
  const ready = services.start()
  // Awaiting `ready` is optional, so its rejection must not be unhandled.
  ready.catch(() => undefined)
  const cut = async () => {
    server.close()
    // Close the services first, so that each stream sends its last event before the connection closes.
    await services.close()
    server.closeAllConnections()
    await closed
  }
  const close = async () => {
    engineService.drain()
    await requests.drain(settings.graceMs)
    await cut()
  }
  return { url: listeningUrl(server), services, ready, cut, close, [Symbol.asyncDispose]: close }
}

async function listen(server: Server, { host, port }: Settings): Promise<void> {
  server.listen({ host, port, backlog })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw asStartError(error, host, port)
  }
}

function listeningUrl(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
