import { delimiter } from 'node:path'
import type { Interpreter, Project } from './project.ts'

/** How the worker of a project is started; see `python -m mlx_app.worker --help`. */
export function workerLaunch(project: Project, interpreter: Interpreter, device: 'auto' | 'gpu' | 'cpu') {
  return {
    command: interpreter.python,
    arguments: ['-m', 'mlx_app.worker', '--device', device, '--models', project.modelsDirectory],
    environment: workerEnvironment(project, interpreter, process.env),
  }
}

function workerEnvironment(
  project: Project,
  interpreter: Interpreter,
  inherited: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const path = [project.pythonSource]
  // An interpreter that the user brought may find its MLX there; the project's own needs nothing from outside.
  const ownEnvironment = interpreter.source === 'npm run setup' || interpreter.source === '.venv'
  if (!ownEnvironment && inherited.PYTHONPATH) path.push(inherited.PYTHONPATH)
  const { PYTHONHOME: _, ...environment } = inherited
  return {
    ...environment,
    PYTHONPATH: path.join(delimiter),
    PYTHONNOUSERSITE: '1',
    // The folder that the program is started in holds no modules of ours.
    PYTHONSAFEPATH: '1',
    PYTHONUTF8: '1',
    // Nothing is sent anywhere but for a download that was asked for.
    HF_HUB_DISABLE_TELEMETRY: '1',
    TOKENIZERS_PARALLELISM: 'false',
  }
}
