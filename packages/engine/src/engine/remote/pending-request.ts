import { EngineError } from '../errors.ts'

/** One call on its way: what ends it early, and the error that it then has. */
export class Flight {
  readonly #controller = new AbortController()
  readonly #stopListening: () => void
  readonly #timer: NodeJS.Timeout | undefined
  #reason: EngineError | undefined

  constructor(signal: AbortSignal | undefined, deadlineMs?: number) {
    const onAbort = () =>
      this.end(new EngineError('ABORTED', 'The call was aborted.', { cause: signal?.reason }))
    signal?.addEventListener('abort', onAbort, { once: true })
    // A long-lived signal gathers no listeners.
    this.#stopListening = () => signal?.removeEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
    if (deadlineMs !== undefined) {
      const late = new EngineError('DEADLINE_EXCEEDED', `The call took longer than ${deadlineMs} ms.`)
      // A timer takes no more than 2^31-1 ms, and fires at once for more.
      this.#timer = setTimeout(() => this.end(late), Math.min(deadlineMs, 2 ** 31 - 1))
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the call ended early; undefined as long as it did not. */
  get reason(): EngineError | undefined {
    return this.#reason
  }

  end(reason: EngineError): void {
    this.#reason ??= reason
    this.#controller.abort()
  }

  /** Frees the timer and the listener, and the connection where the answer was not read to its end. */
  close(): void {
    clearTimeout(this.#timer)
    this.#stopListening()
    this.#controller.abort()
  }
}
