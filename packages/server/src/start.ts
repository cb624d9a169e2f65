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

/** An app that is listening. Disposing of it calls `close`. */
export interface ListeningServer extends AsyncDisposable {
  /** The address of the server, such as `http://127.0.0.1:8000`. */
  url: string
  /** Stops accepting connections and lets running requests finish within GRACE_MS. The services keep running. */
  close(): Promise<void>
}

/** A server with its own services. Disposing of it calls `close`. */
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
    const app = await (options.app ?? createApp)(services)
    return await serve(app, services)
  } catch (error) {
    await services.close()
    throw error
  }
}

/**
 * Listens with services that exist, such as those of a desktop app that also uses the engine itself. It does not start
 * them.
 *
 * @param app the app to serve. Default: `createApp(services)`.
 * @throws KeyError if other machines can reach the address and there is neither a key nor `authenticate`.
 * @throws StartError if the server cannot listen on the address.
 */
export async function listen(
  services: Services,
  app: ServedApp = createApp(services),
): Promise<ListeningServer> {
  const { url, requests, end } = await open(app, services)
  const close = async () => {
    await requests.drain(services.settings.graceMs)
    await end()
  }
  return { url, close, [Symbol.asyncDispose]: close }
}

async function serve(app: ServedApp, services: Services): Promise<RunningServer> {
  const { settings, engineService } = services
  const { url, requests, end } = await open(app, services)
  const ready = services.start()
  // Awaiting `ready` is optional, so its rejection must not be unhandled.
  ready.catch(() => undefined)
  // Close the services first, so that each stream sends its last event before the connection closes.
  const cut = () => end(() => services.close())
  const close = async () => {
    engineService.drain()
    await requests.drain(settings.graceMs)
    await cut()
  }
  return { url, services, ready, cut, close, [Symbol.asyncDispose]: close }
}

interface OpenServer {
  url: string
  requests: OpenRequests
  /** Stops accepting connections and closes the open ones after `beforeConnections`. */
  end(beforeConnections?: () => Promise<void>): Promise<void>
}

async function open(app: ServedApp, { settings, keys, authenticate }: Services): Promise<OpenServer> {
  if (authenticate === undefined) keys.requireKeyFor(settings.host)
  const server = createAdaptorServer({
    fetch: (request, bindings) => app.fetch(request, bindings),
    serverOptions: connectionOptions(settings),
  })
  if (!('closeIdleConnections' in server)) throw new Error('Only HTTP/1.1 servers are supported.')
  limitConnections(server, settings)
  const requests = new OpenRequests(server)
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  server.listen({ host: settings.host, port: settings.port, backlog })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw asStartError(error, settings.host, settings.port)
  }
  const end = async (beforeConnections?: () => Promise<void>) => {
    server.close()
    await beforeConnections?.()
    server.closeAllConnections()
    await closed
  }
  return { url: listeningUrl(server), requests, end }
}

function listeningUrl(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
