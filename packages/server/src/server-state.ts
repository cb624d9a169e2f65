import type { EngineError } from 'mlx-app'
import { ApiError, restartMessage, startFailureMessage } from './errors.ts'

/**
 * The states of the server. In `failed`, the start failed, or the worker could not be restarted and the server keeps
 * trying.
 */
export const states = ['starting', 'loading', 'ready', 'restarting', 'failed', 'stopping'] as const

export type State = (typeof states)[number]

/** What load balancers see: the states, and `stalled` while the worker has had work for some seconds without a step. */
export const readinessStates = [...states, 'stalled'] as const

export type Readiness = (typeof readinessStates)[number]

/**
 * Creates the error for a request that needs the engine while the server is not ready.
 *
 * @param hasStarted whether the server has ever been ready.
 */
export function unavailableError(
  state: State,
  crash: EngineError | undefined,
  hasStarted: boolean,
): ApiError {
  if (state === 'stopping') {
    return new ApiError(503, 'shutting_down', 'The server is shutting down.', { retryAfterSeconds: 5 })
  }
  if (state === 'failed' && !hasStarted) {
    return new ApiError(503, 'model_not_loaded', startFailureMessage(crash), { retryAfterSeconds: 5 })
  }
  const isRestart = state === 'restarting' || state === 'failed'
  const message = isRestart ? restartMessage(crash) : 'The model is being loaded.'
  return new ApiError(503, isRestart ? 'model_restarting' : 'model_loading', message, {
    retryAfterSeconds: 2,
  })
}
