import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { PythonEnvironment } from '../choices.ts'

/**
 * The ways to get Python that a user may want to choose between on this machine, the best first. Only one
 * where there is nothing to choose: uv is there, or there is no Python at all.
 */
export function pythonChoices(environment: NodeJS.ProcessEnv): PythonEnvironment[] {
  const ways: PythonEnvironment[] = environment.MLX_PYTHON ? ['existing'] : []
  ways.push('uv')
  if (!isOnPath('uv', environment) && isOnPath('python3', environment)) ways.push('pip')
  return ways
}

/** Whether the PATH has an executable of this name. */
export function isOnPath(program: string, environment: NodeJS.ProcessEnv): boolean {
  return (environment.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      // Not in this folder: look in the next.
      return false
    }
  })
}
