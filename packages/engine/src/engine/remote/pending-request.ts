import { abortedError, onAbort, onDeadline } from '../abort.ts'
import type { EngineError } from '../errors.ts'

/** An HTTP request in progress, and the error that ends it early. */
export class PendingRequest {
  readonly #controller = new AbortController()
  readonly #stopListening: () => void
  readonly #stopTimer: () => void
  #reason: EngineError | undefined

  constructor(signal: AbortSignal | undefined, deadlineMs?: number) {
    const abort = () => this.end(abortedError(signal))
    this.#stopListening = onAbort(signal, abort)
    this.#stopTimer = onDeadline(deadlineMs, (error) => this.end(error))
    if (signal?.aborted) abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The error that ended the request early, or undefined. */
  get reason(): EngineError | undefined {
    return this.#reason
  }

  end(reason: EngineError): void {
    this.#reason ??= reason
    this.#controller.abort()
  }

  /** Frees the timer and the listener, and also the connection of a response that wasn't read to its end. */
  close(): void {
    this.#stopTimer()
    this.#stopListening()
    this.#controller.abort()
  }
}
