import type { PythonEnvironment } from '../choices.ts'
import { findOnPath } from './search-path.ts'

/**
 * Returns the ways to set up Python that a user may want to choose from on this machine, the best first. There is only
 * one if uv is installed, or if there is no Python at all.
 */
export function pythonChoices(environment: NodeJS.ProcessEnv): PythonEnvironment[] {
  const named = environment.MLX_PYTHON || environment.MLX_SERVING_PYTHON_PATH
  const ways: PythonEnvironment[] = named ? ['existing'] : []
  ways.push('uv')
  if (findOnPath('uv', environment) === undefined && findOnPath('python3', environment) !== undefined) {
    ways.push('pip')
  }
  return ways
}
