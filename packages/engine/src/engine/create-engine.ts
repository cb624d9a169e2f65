import { pythonSource } from '../package-files.ts'
import { checkEngine } from './check-options.ts'
import type { Engine } from './engine.ts'
import { LocalEngine } from './local/local-engine.ts'
import { Supervisor } from './local/supervisor.ts'
import { workerLaunch } from './local/worker-launch.ts'
import type { EngineOptions } from './options.ts'
import { findInterpreter, findProject, type Interpreter } from './project/index.ts'
import type { RemoteOptions } from './remote/options.ts'

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
    device,
    onLog = () => undefined,
    onWorkerExit: onCrash = () => undefined,
    signal,
    ...resources
  } = checkEngine(options)
  const project = findProject(from)
  const interpreter: Interpreter =
    python === undefined ? findInterpreter(project) : { python, source: 'createEngine', site: pythonSource }
  const settings = {
    ...project.config,
    ...withoutUndefined(resources),
    device: device ?? project.config.device,
  }
  const supervisor = new Supervisor({ ...workerLaunch(project, interpreter, settings), onLog, onCrash })
  const ready = await supervisor.start(signal)
  return new LocalEngine(project, settings.aliases ?? {}, supervisor, ready)
}

/** Removes the undefined keys, which would override other values. */
function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined)
  const result: Partial<Value> = {}
  return Object.assign(result, Object.fromEntries(entries))
}
