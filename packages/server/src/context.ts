import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ProjectConfig } from 'mlx-app/setup'
import type { Logger } from 'pino'
import type { Authenticate, Caller } from './caller.ts'
import type { EngineService } from './engine-service.ts'
import type { GenerationLimiter } from './generation-limiter.ts'
import type { KeyFile } from './keys/key-file.ts'
import type { McpServers } from './mcp/toolbox.ts'
import type { Metrics } from './operations/metrics.ts'
import type { ServedModels } from './served-models.ts'
import type { Settings } from './settings.ts'

/** What the parts of the server share. Your own routes can use it too. `createServices` creates it. */
export interface Services extends AsyncDisposable {
  settings: Settings
  /** The contents of mlx.config.json, with defaults for missing fields. */
  config: ProjectConfig
  /** The absolute path of the project folder. */
  root: string
  log: Logger
  /** The API keys. They are not checked if `authenticate` is set. */
  keys: KeyFile
  authenticate: Authenticate | undefined
  /** The engine, its state and its restarts. */
  engineService: EngineService
  /** The models that requests can name. */
  models: ServedModels
  /** Generates text within the server's limits. Use it in your own routes. */
  generations: GenerationLimiter
  metrics: Metrics
  /** The MCP servers in the file that MCP_CONFIG names, or undefined if it is not set. */
  mcp: McpServers | undefined
  /**
   * Starts the worker and loads the configured model. `startServer` calls it for you. Further calls return the same
   * promise.
   *
   * @throws EngineError as `createEngine` and `loadModel`, ABORTED after `close`.
   */
  start(): Promise<void>
  /** Stops the worker, all running requests and the MCP servers. */
  close(): Promise<void>
}

/** The Hono environment of the app that `createApp` returns. */
export interface ApiEnv {
  /** Node's request and response, if @hono/node-server serves the app. */
  Bindings: Partial<HttpBindings>
  Variables: {
    requestId: string
    /** A logger that adds the request ID to each line. */
    log: Logger
    caller: Caller
    /** The path that the app is mounted at, such as `/llm`, or an empty string. */
    prefix: string
    /** The code of the error response, unless a generation caused the error. */
    code?: string
  }
}

/** The Hono app that `createApp` returns. */
export type Api = OpenAPIHono<ApiEnv>
