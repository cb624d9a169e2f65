import { EngineError } from './errors.ts'

/** Returns the ABORTED error of a call, with the signal's reason as its cause. */
export function abortedError(signal: AbortSignal | undefined): EngineError {
  return new EngineError('ABORTED', 'The call was aborted.', { cause: signal?.reason })
}

/** Listens for an abort. Call the result to stop, so that a long-lived signal doesn't collect listeners. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener, { once: true })
  return () => signal?.removeEventListener('abort', listener)
}

/** A longer timer would fire at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args. */
const longestTimerMs = 2 ** 31 - 1

/** Calls back with DEADLINE_EXCEEDED once the deadline and `graceMs` have passed. Call the result to stop the timer. */
export function onDeadline(
  deadlineMs: number | undefined,
  listener: (error: EngineError) => void,
  graceMs = 0,
): () => void {
  if (deadlineMs === undefined) return () => undefined
  const error = new EngineError('DEADLINE_EXCEEDED', `The call took longer than ${deadlineMs} ms.`)
  const timer = setTimeout(() => listener(error), Math.min(deadlineMs + graceMs, longestTimerMs))
  return () => clearTimeout(timer)
}
