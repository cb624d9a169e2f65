import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'
import { EngineError } from 'mlx-app'
import {
  createApp,
  createServices,
  type ListeningServer,
  listen,
  readSettings,
  type Services,
} from 'mlx-app-server'
import { HttpTransport } from '../chat-page/transport/http-transport.ts'
import type { ServerStatus, Transport } from '../chat-page/transport/transport.ts'
import { pythonOptions } from './python.ts'

/** The engine of the app. It is in memory once, for the windows and the API. */
export class DesktopEngine {
  readonly services: Services
  /** The connection of the page: to the server in this process instead of over the network. */
  readonly transport: Transport

  constructor(services: Services) {
    this.services = services
    // The page is part of the app, so it needs no key.
    const server = createApp({ ...services, authenticate: () => 'app' })
    const noKeys = { getItem: () => null, setItem: () => {} }
    this.transport = new HttpTransport('http://localhost/', noKeys, (url, init) =>
      server.fetch(new Request(url, init)),
    )
  }

  /** Loads the model in the background. `status` tells how that goes. */
  start(): void {
    this.services.start().catch((error: unknown) => {
      // The status contains the errors of the engine.
      if (!EngineError.isInstance(error)) this.services.log.error({ err: error }, 'start')
    })
  }

  /** Stops loading the model. */
  stopStart(): void {
    this.services.engineService.cancelStart()
  }

  /**
   * Lets other programs on this machine use the engine over HTTP, with a key of the keys file.
   *
   * @throws StartError if the port is in use.
   */
  listen(port: number): Promise<ListeningServer> {
    return listen({ ...this.services, settings: { ...this.services.settings, port } })
  }

  /** Returns the state for the page. The page is on this machine, so it may see why a start or a restart failed. */
  async status(): Promise<ServerStatus> {
    const status = await this.transport.status()
    const { state, error, hasStarted } = this.services.engineService
    if (state !== 'failed') return status
    const isStopped = error === undefined || error.code === 'ABORTED'
    if (!hasStarted) return { ...status, startFailed: true, ...(!isStopped && { message: error.describe() }) }
    const message = `The model process could not be restarted. The app keeps trying. See Help > Show Log.`
    return { ...status, message: isStopped ? message : `${message}\n${error.describe()}` }
  }
}

/**
 * Opens the engine and starts to load the model.
 *
 * @param onStateChange called whenever the state of the engine changes.
 * @param onLog receives each line of the log.
 * @throws Error if mlx.config.json, an environment variable or mcp.json is invalid. Its message tells how to fix it.
 */
export async function openEngine(
  onStateChange: () => void,
  onLog: (line: string) => void,
): Promise<DesktopEngine> {
  const data = app.getPath('userData')
  const mcpConfig = join(data, 'mcp.json')
  const settings = readSettings({
    ...(existsSync(mcpConfig) && { MCP_CONFIG: mcpConfig }),
    ...process.env,
    HOST: '127.0.0.1',
    // `listen` sets the port.
    PORT: '0',
    KEYS_FILE: join(data, 'keys.json'),
  })
  try {
    const services = await createServices(settings, {
      engine: pythonOptions(),
      onState: onStateChange,
      onLog,
    })
    const engine = new DesktopEngine(services)
    engine.start()
    return engine
  } catch (error) {
    throw EngineError.isInstance(error) ? new Error(error.describe(), { cause: error }) : error
  }
}
