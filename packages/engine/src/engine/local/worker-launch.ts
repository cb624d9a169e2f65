import { delimiter } from 'node:path'
import { pythonSource } from '../../package-files.ts'
import { type ModelsSettings, workerSettings } from '../model-settings.ts'
import { type Interpreter, isolatedEnvironment, networkEnvironment, type Project } from '../project/index.ts'
import { resolvePath } from './resolve-path.ts'

export interface LaunchSettings extends ModelsSettings {
  device: 'auto' | 'gpu' | 'cpu'
  /** The folders of models that the settings name by path. */
  folders?: string[]
  memoryLimitBytes?: number | undefined
  promptCacheBytes?: number | undefined
  queueLimit?: number | undefined
  /** In milliseconds; Infinity for no limit. */
  keepAlive?: number | undefined
  stallTimeoutMs?: number | undefined
}

/** How long a worker may have work without a step. A step of a large model takes seconds, also on a slow machine. */
const defaultStallMs = 60_000

/** Returns the command that starts the worker of a project; see `python -m mlx_app.worker --help`. */
export function workerLaunch(project: Project, interpreter: Interpreter, settings: LaunchSettings) {
  const { device, folders, memoryLimitBytes, promptCacheBytes, queueLimit, keepAlive } = settings
  const stallTimeoutMs = settings.stallTimeoutMs ?? defaultStallMs
  const workerName = (model: string): string => resolvePath(model, project.root) ?? model
  const options = {
    device,
    models: project.modelsDirectory,
    'model-folder': folders,
    'memory-limit': memoryLimitBytes,
    'prompt-cache': promptCacheBytes,
    'queue-limit': queueLimit,
    'idle-unload': keepAlive === undefined || keepAlive === Infinity ? undefined : keepAlive / 1000,
    'stall-timeout': stallTimeoutMs / 1000,
    settings: JSON.stringify(workerSettings(settings, workerName)),
  }
  const given = Object.entries(options).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [`--${name}`, String(each)]),
  )
  return {
    command: interpreter.python,
    arguments: ['-m', 'mlx_app.worker', ...given],
    environment: workerEnvironment(project, interpreter, process.env),
    stallTimeoutMs,
  }
}

function workerEnvironment(
  project: Project,
  interpreter: Interpreter,
  inherited: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const path = interpreter.site === undefined ? [] : [interpreter.site]
  const { vendored = false } = interpreter
  const complete = vendored || interpreter.source === 'the setup'
  // The user's own interpreter may need it to find MLX. A complete environment needs nothing from outside.
  if (!complete && inherited.PYTHONPATH) path.push(inherited.PYTHONPATH)
  const environment = isolatedEnvironment(inherited, false)
  return {
    ...networkEnvironment(environment, project),
    ...(path.length > 0 && { PYTHONPATH: path.join(delimiter) }),
    PYTHONNOUSERSITE: '1',
    // An app writes nothing into its environment, whose bytecode was compiled when it was made. In the repository,
    // sources on the path change.
    ...(complete && (vendored || pythonSource === undefined) && { PYTHONDONTWRITEBYTECODE: '1' }),
    // The working directory has none of our modules.
    PYTHONSAFEPATH: '1',
    PYTHONUTF8: '1',
    // Nothing is sent anywhere, except for a download that was requested.
    HF_HUB_DISABLE_TELEMETRY: '1',
    // Our downloads resume and check hashes themselves, so they don't use hf-xet, the hub's other transfer.
    HF_HUB_DISABLE_XET: '1',
    TOKENIZERS_PARALLELISM: 'false',
  }
}
