import { EngineError } from './errors.ts'

/** ABORTED, with what the signal says as its cause. */
export function aborted(signal: AbortSignal | undefined): EngineError {
  return new EngineError('ABORTED', 'The call was aborted.', { cause: signal?.reason })
}

/** Listens for an abort; the result stops it, so that a long-lived signal gathers no listeners. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener, { once: true })
  return () => signal?.removeEventListener('abort', listener)
}
