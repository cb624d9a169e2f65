/** The commands of a Python project, which has its environment in `.venv`. */
import type { Answers } from './choices.ts'
import { findOnPath } from './machine/search-path.ts'

/** The folder of a Python project's environment, as a path in the project. */
export const environmentFolder = '.venv'
/** The folder of the environment's programs, as a path in the project. */
const programs = `${environmentFolder}/bin`

/** A command of an installation, and what it does: `Creating .venv`. */
export interface InstallStep {
  title: string
  program: 'venv' | 'pip' | 'uv'
  command: [string, ...string[]]
}

/**
 * Returns the steps that install a Python project with everything that its developers need, in order. pip installs exactly
 * what is in the lock. If uv is required but not on the PATH, pip installs it in the environment.
 *
 * @param python the Python that creates an environment without uv.
 */
export function pythonInstallSteps(
  { env, pythonPath }: Pick<Answers, 'env' | 'pythonPath'>,
  environment: NodeJS.ProcessEnv,
  python: string = pythonPath ?? 'python3',
): [InstallStep, ...InstallStep[]] {
  const createEnvironment: InstallStep = {
    title: `Creating ${environmentFolder}`,
    program: 'venv',
    command: [python, '-m', 'venv', environmentFolder],
  }
  const pip = (title: string, ...flags: string[]): InstallStep => ({
    title,
    program: 'pip',
    command: [`${programs}/python`, '-m', 'pip', 'install', ...flags],
  })
  if (env === 'pip') {
    const lock = 'requirements-dev.lock'
    return [
      createEnvironment,
      pip(`Installing the packages in ${lock}. This can take some minutes`, '--require-hashes', '-r', lock),
      pip('Installing the project', '--no-deps', '-e', '.'),
    ]
  }
  const uv = uvProgram(environment)
  const sync = (...flags: string[]): InstallStep => ({
    title: 'Installing the packages in uv.lock',
    program: 'uv',
    command: [uv, 'sync', ...flags],
  })
  if (uv === 'uv') return [pythonPath === undefined ? sync() : sync('--python', pythonPath)]
  // Without --inexact, uv would remove itself.
  return [createEnvironment, pip('Installing uv', 'uv'), sync('--inexact')]
}

/**
 * Returns the commands that write the locks for pip from the `uv.lock` that uv has completed; none without uv. The
 * documentation of the project has the same ones, so running them again changes nothing.
 */
export function exportCommands(
  { env }: Pick<Answers, 'env'>,
  environment: NodeJS.ProcessEnv,
): [string, ...string[]][] {
  if (env === 'pip') return []
  const exportLock = (name: string, ...flags: string[]): [string, ...string[]] => [
    uvProgram(environment),
    'export',
    // Otherwise it also prints the file.
    '--quiet',
    ...flags,
    '--no-emit-project',
    '--output-file',
    name,
  ]
  return [
    exportLock('requirements.lock', '--no-dev', '--extra', 'server'),
    exportLock('requirements-dev.lock'),
  ]
}

/** Returns the words that run the project's own command in its environment. */
export function pythonRunCommand(
  { name, env }: Pick<Answers, 'name' | 'env'>,
  environment: NodeJS.ProcessEnv,
): string[] {
  return env !== 'pip' && uvProgram(environment) === 'uv' ? ['uv', 'run', name] : [`${programs}/${name}`]
}

/** Returns uv on the PATH, or else the one that pip installs in the environment. */
function uvProgram(environment: NodeJS.ProcessEnv): string {
  return findOnPath('uv', environment) === undefined ? `${programs}/uv` : 'uv'
}
