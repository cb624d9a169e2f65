import { delimiter } from 'node:path'
import { pythonSource } from '../../package-files.ts'
import type { ResourceOptions } from '../options.ts'
import { type Interpreter, isolatedEnvironment, networkEnvironment, type Project } from '../project/index.ts'

export interface WorkerSettings extends ResourceOptions {
  device: 'auto' | 'gpu' | 'cpu'
  /** The folders of models that the settings name by path. */
  folders?: string[]
}

/** Returns the command that starts the worker of a project; see `python -m mlx_app.worker --help`. */
export function workerLaunch(project: Project, interpreter: Interpreter, settings: WorkerSettings) {
  const { device, folders, memoryLimitBytes, promptCacheBytes, queueLimit, idleUnloadMs } = settings
  const options = {
    device,
    models: project.modelsDirectory,
    'model-folder': folders,
    'memory-limit': memoryLimitBytes,
    'prompt-cache': promptCacheBytes,
    'queue-limit': queueLimit,
    'idle-unload': idleUnloadMs === undefined ? undefined : idleUnloadMs / 1000,
  }
  const given = Object.entries(options).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [`--${name}`, String(each)]),
  )
  return {
    command: interpreter.python,
    arguments: ['-m', 'mlx_app.worker', ...given],
    environment: workerEnvironment(project, interpreter, process.env),
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
