import { resolve } from 'node:path'
import type { EngineOptions, RemoteOptions } from 'mlx-app'
import { checkPullAllowed, findProject, isHubModelId, type ProjectConfig, progressLines } from 'mlx-app/setup'
import type { Logger } from 'pino'
import type { Authenticate, Services } from './context.ts'
import { Generations } from './generations.ts'
import { KeyFile } from './keys/key-file.ts'
import { createLog } from './log.ts'
import { openMcpServers } from './mcp/toolbox.ts'
import { ServedModels } from './served-models.ts'
import { Service } from './service.ts'
import type { Settings } from './settings.ts'
import { watchEngine } from './system/engine-metrics.ts'
import { Metrics } from './system/metrics.ts'

/** For `createServices`. */
export interface ServicesOptions {
  /** Where the log goes; default: standard error, as LOG_LEVEL says. */
  log?: Logger | undefined
  /** For `createEngine`: the project, the device and the like. */
  engine?: EngineOptions | undefined
  /** Says who sends a request, in place of the check of keys. */
  authenticate?: Authenticate | undefined
  /** How long a worker that is suspected to hang has to answer, in milliseconds; default 30,000. */
  hungMs?: number | undefined
}

/**
 * Makes what the server runs on: the engine, the keys, the metrics. Nothing is started and nothing is listened on: call
 * `start` on what it gives, and `close` in the end.
 *
 * @throws EngineError INVALID_REQUEST when mlx.config.json is wrong.
 * @throws SettingError when the file that MCP_CONFIG names is.
 */
export async function createServices(settings: Settings, options: ServicesOptions = {}): Promise<Services> {
  const { log = createLog(settings), authenticate } = options
  const { root, config } = findProject(options.engine?.project)
  const service = serviceOf(settings, config, log, options)
  const models = new ServedModels(
    service,
    { ...config, model: settings.engineModel || config.model },
    settings.servedModels,
  )
  const metrics = new Metrics(models.defaultId)
  const generations = new Generations(service, settings, (record) => metrics.onGeneration(record))
  watchEngine({ metrics, service, generations })
  const mcp = await openMcpServers(settings, root, log)
  const close = async () => {
    await Promise.all([service.stop(), mcp?.close()])
  }
  return {
    settings,
    config,
    root,
    log,
    keys: new KeyFile(resolve(root, settings.keysFile)),
    authenticate,
    service,
    models,
    generations,
    metrics,
    mcp,
    start: () => service.start(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function serviceOf(
  settings: Settings,
  config: ProjectConfig,
  log: Logger,
  { engine, hungMs }: ServicesOptions,
): Service {
  const progress = progressLines((line, { stage, loadedBytes, totalBytes }) =>
    log.info({ stage, loadedBytes, totalBytes }, line),
  )
  return new Service({
    engine: {
      queueLimit: settings.queueLimit,
      onLog: (line) => log.debug({ worker: line }),
      ...engine,
    },
    remote: remoteOptions(settings, config),
    onState: (state, err) => {
      progress.end()
      log.info({ state, err }, 'state')
    },
    onProgress: progress.update,
    refusal: isHubModelId(config.model) ? checkPullAllowed(config.model) : undefined,
    hungMs,
  })
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
