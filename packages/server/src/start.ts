import { once } from 'node:events'
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import type { Services } from './context.ts'
import { boundConnections, connectionOptions } from './http/connections.ts'
import { asStartError } from './listen-errors.ts'
import { OpenRequests } from './open-requests.ts'
import { createServices, type ServicesOptions } from './services.ts'
import { readSettings, type Settings } from './settings.ts'

/** A server that listens; disposing of it is `close`. */
export interface RunningServer extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:8000`. */
  url: string
  services: Services
  /** Resolves once the model is in memory; rejects where it can't be, as `Services.start`. */
  ready: Promise<void>
  /** Takes no new connection, lets requests under way end within GRACE_MS, and ends the worker. */
  close(): Promise<void>
  /** Ends everything at once. */
  cut(): Promise<void>
}

/** What answers requests: an app of Hono's, or anything that has its `fetch`. */
export interface ServedApp {
  /** @param bindings Node's own request and response, as @hono/node-server gives them: `HttpBindings`. */
  fetch(request: Request, bindings: object): Response | Promise<Response>
}

/** For `startServer` and `runServer`. */
export interface StartOptions extends ServicesOptions {
  /** The app to serve, in place of what `createApp` gives for these services: one of your own, which mounts that. */
  app?: ((services: Services) => ServedApp | Promise<ServedApp>) | undefined
}

/** Connections that may wait to be accepted: a burst of clients is no reason for a TCP timeout. */
const backlog = 1024

/**
 * Listens at once, and loads the model meanwhile.
 *
 * @param settings default: those of the environment; `readSettings({ PORT: '0' })` gives others.
 * @throws SettingError for a variable of the environment, or a file that MCP_CONFIG names, that is wrong.
 * @throws KeyError where the address is one that others can reach, and there is neither a key nor an `authenticate`.
 * @throws StartError where the address can't be listened on.
 * @throws EngineError INVALID_REQUEST when mlx.config.json is wrong.
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
  if (!('closeIdleConnections' in server)) throw new Error('The server must be one of HTTP/1.1.')
  boundConnections(server, settings)
  const requests = new OpenRequests(server)
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  await listen(server, settings)
  const ready = services.start()
  // Whoever waits for it hears of a failure; nobody has to.
  ready.catch(() => undefined)
  const cut = async () => {
    server.close()
    // First the calls: each stream hears of its end by an event, before its connection ends.
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
