import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Project, pythonFromVariable, pythonVariables } from '../../engine/project/index.ts'

/**
 * Returns the environment variables without those that name an environment which setup itself manages: `.mlx/venv`, or
 * `python/.venv` of a project with Python code of its own. Users activate it, or set MLX_PYTHON to it for their Python
 * programs, and setup must still be able to update it.
 */
export function withoutOwnEnvironment(environment: NodeJS.ProcessEnv, project: Project): NodeJS.ProcessEnv {
  const own = [project.virtualEnvironment, join(project.root, 'python', '.venv')].map(realPath)
  const isOwn = (folder: string): boolean => own.includes(realPath(folder))
  const others = { ...environment }
  if (others.VIRTUAL_ENV && isOwn(others.VIRTUAL_ENV)) delete others.VIRTUAL_ENV
  const variable = pythonFromVariable(environment)
  // The interpreter itself is usually a link to a Python outside of the environment.
  if (variable !== undefined && isOwn(dirname(dirname(resolve(variable.path))))) {
    for (const name of pythonVariables) delete others[name]
  }
  return others
}

function realPath(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : resolve(folder)
}
