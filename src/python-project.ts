/** The commands of a Python project, which has its environment in `.venv`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Answers } from './choices.ts'
import { findOnPath } from './machine/search-path.ts'
import { vendorFolder } from './packages.ts'

/** The folder of the environment's programs, as a path in the project. */
const programs = '.venv/bin'

/**
 * Returns the commands that install a Python project with everything that its developers need, in order. If uv is
 * required but not on the PATH, pip installs it in the environment.
 *
 * @param target absolute path of the project.
 * @param python the Python that creates an environment without uv.
 */
export function pythonInstallCommands(
  target: string,
  { env, pythonPath }: Pick<Answers, 'env' | 'pythonPath'>,
  environment: NodeJS.ProcessEnv,
  python: string = pythonPath ?? 'python3',
): [string[], ...string[][]] {
  const createEnvironment = [python, '-m', 'venv', '.venv']
  const pip = [`${programs}/python`, '-m', 'pip', 'install']
  if (env === 'pip') {
    const findLinks = existsSync(join(target, vendorFolder)) ? ['--find-links', vendorFolder] : []
    return [createEnvironment, [...pip, ...findLinks, '-e', '.[dev]']]
  }
  if (hasUv(environment))
    return [['uv', 'sync', ...(pythonPath === undefined ? [] : ['--python', pythonPath])]]
  // Without --inexact, uv would remove itself.
  return [createEnvironment, [...pip, 'uv'], [`${programs}/uv`, 'sync', '--inexact']]
}

/** Returns the words that run the project's own command in its environment. */
export function pythonRunCommand(
  { name, env }: Pick<Answers, 'name' | 'env'>,
  environment: NodeJS.ProcessEnv,
): string[] {
  return env !== 'pip' && hasUv(environment) ? ['uv', 'run', name] : [`${programs}/${name}`]
}

function hasUv(environment: NodeJS.ProcessEnv): boolean {
  return findOnPath('uv', environment) !== undefined
}
