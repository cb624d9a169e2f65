import type { PythonEnvironment } from '../choices.ts'
import { findOnPath } from './search-path.ts'

/**
 * The ways to get Python that a user may want to choose between on this machine, the best first. Only one
 * where there is nothing to choose: uv is there, or there is no Python at all.
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
