import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pythonSource } from '../package-files.ts'
import { checkEngine } from './check-options.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './errors.ts'
import { LocalEngine } from './local/local-engine.ts'
import { Supervisor } from './local/supervisor.ts'
import { workerLaunch } from './local/worker-launch.ts'
import { allAliases } from './model-settings.ts'
import type { EngineOptions } from './options.ts'
import {
  findInterpreter,
  findProject,
  type Interpreter,
  modelFolders,
  scriptCommand,
  withFolderNames,
} from './project/index.ts'
import type { RemoteOptions } from './remote/options.ts'
import { withoutUndefined } from './without-undefined.ts'

/**
 * Starts the worker of the project (see `EngineOptions.project`). With `baseUrl`, the engine uses another server instead.
 *
 * @throws EngineError SETUP_NEEDED, PYTHON_NOT_FOUND, PYTHON_TOO_OLD, MLX_NOT_WORKING, PROTOCOL_MISMATCH,
 * WORKER_EXITED, INVALID_REQUEST, ABORTED.
 */
export async function createEngine(options: EngineOptions | RemoteOptions = {}): Promise<Engine> {
  if ('baseUrl' in options) {
    const { createRemoteEngine } = await import('./remote/create-remote-engine.ts')
    return createRemoteEngine(options)
  }
  const {
    project: from,
    python,
    site,
    device,
    onLog = () => undefined,
    onWorkerExit: onCrash = () => undefined,
    onWorkerStall: onStall = () => undefined,
    signal,
    ...resources
  } = checkEngine(options)
  const project = findProject(from)
  const given = python === undefined ? undefined : { python, source: 'createEngine', site: pythonSource }
  const found: Interpreter = given ?? findInterpreter(project)
  const interpreter = site === undefined ? found : { ...found, ...vendoredSite(site) }
  const settings = {
    ...project.config,
    ...withoutUndefined(resources),
    device: device ?? project.config.device,
  }
  const aliases = allAliases(settings)
  const supervisor = new Supervisor({
    ...workerLaunch(project, interpreter, { ...settings, folders: modelFolders(project, aliases) }),
    onLog,
    onCrash,
    onStall,
  })
  const ready = await supervisor.start(signal)
  return new LocalEngine(project, withFolderNames(project, aliases), supervisor, ready)
}

/** @throws EngineError SETUP_NEEDED if the folder does not have the code of the worker. */
function vendoredSite(site: string): Pick<Interpreter, 'site' | 'vendored'> {
  const folder = resolve(site)
  if (existsSync(join(folder, 'mlx_app', 'worker'))) return { site: folder, vendored: true }
  const problem = existsSync(folder) ? 'does not have the Python code of mlx-app' : 'does not exist'
  throw new EngineError('SETUP_NEEDED', `The folder ${folder} (the option site) ${problem}.`, {
    hint: `To make a folder with all Python packages, run: ${scriptCommand('vendor')}`,
  })
}
