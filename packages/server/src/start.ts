import { once } from 'node:events'
import type { Server } from 'node:http'
import { resolve } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import type { Logger } from 'pino'
import type { EngineOptions, RemoteOptions } from 'mlx-app'
import { findProject, type ProjectConfig } from 'mlx-app/setup'
import { isOnHub, refusedPull } from 'mlx-app/setup'
import { progressLines } from 'mlx-app/setup'
import { createApp } from './app.ts'
import type { Services } from './context.ts'
import { OpenRequests } from './drain.ts'
import { Generations } from './generations.ts'
import { boundConnections, connectionOptions } from './http/connections.ts'
import { KeyFile } from './keys/key-file.ts'
import { asStartError } from './listen-errors.ts'
import { openMcpServers } from './mcp/toolbox.ts'
import { ServedModels } from './served-models.ts'
import { Service } from './service.ts'
import type { Settings } from './settings.ts'
import { Metrics } from './system/metrics.ts'

export interface RunningServer {
  /** Where it listens: `http://127.0.0.1:8000`. */
  url: string
  services: Services
  /** Resolves once the model is in memory; rejects where it can't be, as `Service.start`. */
  ready: Promise<void>
  /** Takes no new connection, lets requests under way end within the grace, and ends the worker. */
  close(): Promise<void>
  /** Ends everything at once. */
  cut(): Promise<void>
}

/** Connections that may wait to be accepted: a burst of clients is no reason for a TCP timeout. */
const backlog = 1024

export interface StartOptions {
  log: Logger
  /** For `createEngine`. */
  engine?: EngineOptions
  /** As in `ServiceOptions`. */
  hungMs?: number
}

/**
 * Listens at once, and loads the model meanwhile.
 *
 * @throws KeyError where the address is one that others can reach, and there is no key.
 * @throws StartError where the address can't be listened on.
 */
export async function startServer(settings: Settings, options: StartOptions): Promise<RunningServer> {
  const { log } = options
  const { root, config } = findProject(options.engine?.project)
  const keys = new KeyFile(resolve(root, settings.keysFile))
  keys.admit(settings.host)
  const progress = progressLines((line, { stage, loadedBytes, totalBytes }) =>
    log.info({ stage, loadedBytes, totalBytes }, line),
  )
  const service = new Service({
    engine: {
      queueLimit: settings.queueLimit,
      onLog: (line) => log.debug({ worker: line }),
      ...options.engine,
    },
    remote: remoteOptions(settings, config),
    onState: (state, err) => {
      progress.end()
      log.info({ state, err }, 'state')
    },
    onProgress: progress.update,
    refusal: isOnHub(config.model) ? refusedPull(config.model) : undefined,
    hungMs: options.hungMs,
  })
  const models = new ServedModels(
    service,
    { ...config, model: settings.engineModel || config.model },
    settings.servedModels,
  )
  const metrics = new Metrics(models.defaultId)
  const services: Services = {
    settings,
    config,
    root,
    log,
    keys,
    service,
    models,
    metrics,
    generations: new Generations(service, settings, (record) => metrics.onGeneration(record)),
    mcp: await openMcpServers(settings, root, log),
  }
  const server = createAdaptorServer({
    fetch: createApp(services).fetch,
    serverOptions: connectionOptions(settings),
  })
  if (!('closeIdleConnections' in server)) throw new Error('The server is to be one of HTTP/1.1.')
  boundConnections(server, settings)
  const requests = new OpenRequests(server)
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  await listen(server, settings)
  const ready = service.start()
  // Whoever waits for it hears of a failure; nobody has to.
  ready.catch(() => undefined)
  const cut = async () => {
    server.close()
    // First the calls: each stream hears of its end by an event, before its connection ends.
    await Promise.all([service.stop(), services.mcp?.close()])
    server.closeAllConnections()
    await closed
  }
  return {
    url: urlOf(server),
    services,
    ready,
    cut,
    async close() {
      service.drain()
      await requests.drain(settings.graceMs)
      await cut()
    },
  }
}

/** What ENGINE_URL and its neighbours say; undefined where the model runs here. */
function remoteOptions(settings: Settings, config: ProjectConfig): RemoteOptions | undefined {
  const { engineUrl: baseUrl, engineServer: server, engineModel, engineKey } = settings
  if (baseUrl === '') return undefined
  // mlx_lm.server has a model of its own, whatever its name.
  const fallback = server === 'mlx-lm' ? undefined : config.model
  const model = engineModel || fallback
  return { baseUrl, server, model, apiKey: engineKey || undefined, aliases: config.aliases }
}

async function listen(server: Server, { host, port }: Settings): Promise<void> {
  server.listen({ host, port, backlog })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw asStartError(error, host, port)
  }
}

function urlOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
