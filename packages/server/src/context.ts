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

/** What the parts of the server share, and what routes of your own may use; made by `createServices`. */
export interface Services extends AsyncDisposable {
  settings: Settings
  /** What is in mlx.config.json, with the defaults of what is not. */
  config: ProjectConfig
  /** Absolute path of the project's folder. */
  root: string
  log: Logger
  /** The file of the keys; nobody asks it where there is an `authenticate`. */
  keys: KeyFile
  authenticate: Authenticate | undefined
  /** The engine and its state. */
  engineService: EngineService
  /** The models that requests may name. */
  models: ServedModels
  /** Runs generations within the limits of the server: what a route of your own calls for an answer of the model. */
  generations: GenerationLimiter
  metrics: Metrics
  /** The MCP servers of the file that MCP_CONFIG names; undefined where it names none. */
  mcp: McpServers | undefined
  /**
   * Starts the worker and loads the configured model; `startServer` does so by itself. Another call gives the same
   * promise.
   *
   * @throws EngineError as `createEngine` and `loadModel`, ABORTED after `close`.
   */
  start(): Promise<void>
  /** Ends the worker, what is under way with it, and the MCP servers. */
  close(): Promise<void>
}

/** For `Hono`: what the app that `createApp` gives knows of each request. */
export interface ApiEnv {
  /** Node's own request and response, where @hono/node-server serves the app. */
  Bindings: Partial<HttpBindings>
  Variables: {
    requestId: string
    /** Writes the request's id in each line. */
    log: Logger
    caller: Caller
    /** What the app is mounted below, as `/llm`; empty where it is not. */
    prefix: string
    /** Of the error that answers the request, where it is no generation's. */
    code?: string
  }
}

/** The app that `createApp` gives: one of Hono's. */
export type Api = OpenAPIHono<ApiEnv>
