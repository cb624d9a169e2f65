import { EngineError } from './errors.ts'

/** The worker keeps deadlines itself. So much later it must be hanging, on a disk that gives nothing say. */
const graceMs = 100

/** ABORTED, with what the signal says as its cause. */
export function aborted(signal: AbortSignal | undefined): EngineError {
  return new EngineError('ABORTED', 'The call was aborted.', { cause: signal?.reason })
}

/** Listens for an abort; the result stops it, so that a long-lived signal gathers no listeners. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener, { once: true })
  return () => signal?.removeEventListener('abort', listener)
}

/** Hears of a deadline that nobody else kept; the result stops the clock. */
export function onDeadline(
  deadlineMs: number | undefined,
  listener: (error: EngineError) => void,
): () => void {
  if (deadlineMs === undefined) return () => undefined
  const late = new EngineError('DEADLINE_EXCEEDED', `The call was not done after ${deadlineMs} ms.`)
  const timer = setTimeout(() => listener(late), Math.min(deadlineMs + graceMs, longestTimerMs))
  return () => clearTimeout(timer)
}

/** A longer one would fire at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args. */
const longestTimerMs = 2 ** 31 - 1
