import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Logger } from 'pino'
import type { ProjectConfig } from 'mlx-app/setup'
import type { Generations } from './generations.ts'
import type { KeyFile } from './keys/key-file.ts'
import type { McpServers } from './mcp/toolbox.ts'
import type { ServedModels } from './served-models.ts'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'
import type { Metrics } from './system/metrics.ts'

/** Who asks: the name of a key, or `anonymous` where the server has none. */
export type Caller = string

/** What the parts of the server share. */
export interface Services {
  settings: Settings
  /** mlx.config.json. */
  config: ProjectConfig
  /** The folder of the project. */
  root: string
  log: Logger
  keys: KeyFile
  service: Service
  models: ServedModels
  generations: Generations
  metrics: Metrics
  /** Where MCP_CONFIG names a file. */
  mcp: McpServers | undefined
}

export interface ApiEnv {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    /** Writes the request's id in each line. */
    log: Logger
    caller: Caller
    /** Of the error that answers the request, where it is no generation's. */
    code?: string
  }
}

export type Api = OpenAPIHono<ApiEnv>
