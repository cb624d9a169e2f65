import { resolve } from 'node:path'
import type { EngineOptions, RemoteOptions } from 'mlx-app'
import { checkPullAllowed, findProject, isHubModelId, type ProjectConfig, progressLines } from 'mlx-app/setup'
import type { Logger } from 'pino'
import type { Authenticate } from './caller.ts'
import type { Services } from './context.ts'
import { EngineService } from './engine-service.ts'
import { GenerationLimiter } from './generation-limiter.ts'
import { KeyFile } from './keys/key-file.ts'
import { createLog } from './log.ts'
import { openMcpServers } from './mcp/toolbox.ts'
import { registerEngineMetrics } from './operations/engine-metrics.ts'
import { Metrics } from './operations/metrics.ts'
import { ServedModels } from './served-models.ts'
import type { State } from './server-state.ts'
import type { Settings } from './settings.ts'

/** The options of `createServices`. */
export interface ServicesOptions {
  /** The logger. Default: writes to standard error at the level of LOG_LEVEL. */
  log?: Logger | undefined
  /** Also receives each line of the default logger, in readable form and with its date, for example for a file. */
  onLog?: ((line: string) => void) | undefined
  /** The options of `createEngine`, such as the project and the device. */
  engine?: EngineOptions | undefined
  /** Identifies the sender of a request and replaces the check of API keys. */
  authenticate?: Authenticate | undefined
  /** Called whenever the state of the engine changes. Services have it as `engineService.state`. */
  onState?: ((state: State) => void) | undefined
}

/**
 * Creates the services of the server: the engine, the keys and the metrics. It starts nothing: call `start` on the
 * result, and `close` when you are done.
 *
 * @throws EngineError INVALID_REQUEST if mlx.config.json is invalid.
 * @throws SettingError if the file that MCP_CONFIG names is invalid.
 */
export async function createServices(settings: Settings, options: ServicesOptions = {}): Promise<Services> {
  const { onLog, log = createLog(settings, onLog), authenticate } = options
  const project = findProject(options.engine?.project)
  const { root, config } = project
  const engineService = createEngineService(settings, config, log, options)
  const models = new ServedModels(
    engineService,
    { ...project, config: { ...config, model: settings.engineModel || config.model } },
    settings.servedModels,
  )
  const metrics = new Metrics(models.defaultId)
  const generations = new GenerationLimiter(engineService, settings, (record) => metrics.onGeneration(record))
  registerEngineMetrics({ metrics, engineService, generations })
  const mcp = await openMcpServers(settings, root, log)
  const close = async () => {
    await Promise.all([engineService.stop(), mcp?.close()])
  }
  return {
    settings,
    config,
    root,
    log,
    keys: new KeyFile(resolve(root, settings.keysFile)),
    authenticate,
    engineService,
    models,
    generations,
    metrics,
    mcp,
    start: () => engineService.start(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function createEngineService(
  settings: Settings,
  config: ProjectConfig,
  log: Logger,
  { engine, onState }: ServicesOptions,
): EngineService {
  const progress = progressLines((line, { stage, loadedBytes, totalBytes }) =>
    log.info({ stage, loadedBytes, totalBytes }, line),
  )
  return new EngineService({
    engine: {
      queueLimit: settings.queueLimit,
      keepAlive: settings.keepAlive || undefined,
      stallTimeoutMs: settings.stallTimeoutMs,
      onLog: (line) => log.debug({ worker: line }),
      ...engine,
    },
    remote: remoteOptions(settings, config),
    onState: (state, err) => {
      progress.end()
      log.info({ state, err }, 'state')
      onState?.(state)
    },
    onStall: (stalled) => log.warn({ stalled }, stalled ? 'the model makes no progress' : 'progress'),
    onProgress: progress.update,
    missingModelError: isHubModelId(config.model) ? checkPullAllowed(config.model) : undefined,
  })
}

/** Returns the options of the remote server that ENGINE_URL names, or undefined if the model runs locally. */
function remoteOptions(settings: Settings, config: ProjectConfig): RemoteOptions | undefined {
  const { engineUrl: baseUrl, engineServer: server, engineModel, engineKey } = settings
  if (baseUrl === '') return undefined
  // mlx_lm.server uses the model that it was started with, whatever name is sent.
  const fallback = server === 'mlx-lm' ? undefined : config.model
  const model = engineModel || fallback
  const { aliases, sampling, templateOptions, modelSettings = {} } = config
  return {
    ...{ baseUrl, server, model, apiKey: engineKey || undefined, aliases, sampling, templateOptions },
    modelSettings: Object.fromEntries(
      Object.entries(modelSettings).map(([name, one]) => [
        name,
        { sampling: one.sampling, templateOptions: one.templateOptions },
      ]),
    ),
  }
}
