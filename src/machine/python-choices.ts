import type { PythonEnvironment } from '../choices.ts'
import { findOnPath } from './search-path.ts'

/** Returns how a Python project is installed by default: with uv if it is on the PATH or if there is no Python. */
export function pythonProjectEnvironment(environment: NodeJS.ProcessEnv): 'uv' | 'pip' {
  const hasOnlyPython =
    findOnPath('uv', environment) === undefined && findOnPath('python3', environment) !== undefined
  return hasOnlyPython ? 'pip' : 'uv'
}

/**
 * Returns the ways to set up Python that a user may want to choose from on this machine, the best first. There is only
 * one if uv is installed, or if there is no Python at all.
 */
export function pythonChoices(environment: NodeJS.ProcessEnv): PythonEnvironment[] {
  const named = environment.MLX_PYTHON || environment.MLX_SERVING_PYTHON_PATH
  const ways: PythonEnvironment[] = named ? ['existing'] : []
  ways.push('uv')
  if (pythonProjectEnvironment(environment) === 'pip') ways.push('pip')
  return ways
}
