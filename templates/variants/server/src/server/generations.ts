import { type Answer, type Chunk, collect, EngineError, type GenerateOptions } from '#engine'
import type { Caller } from './context.ts'
import { ApiError, toApiError } from './errors.ts'
import type { Service } from './service.ts'
import type { Settings } from './settings.ts'

/** How a generation went, told once when it is over. */
export interface GenerationRecord {
  caller: Caller
  /** What the client named, or the default. */
  model: string | undefined
  /** The failure; undefined for an answer that came to its end. */
  error: ApiError | undefined
  /** The last piece, which holds usage and timings; undefined where it never came. */
  last: Chunk | undefined
  /** From the call to its first token; undefined where there was none. */
  ttftMs: number | undefined
  totalMs: number
}

type Limits = Pick<Settings, 'streamsPerKey' | 'firstTokenTimeoutMs' | 'requestTimeoutMs'>

/** All generations of the server: each endpoint starts its own here, so that limits hold for all of them together. */
export class Generations {
  readonly #service: Service
  readonly #limits: Limits
  readonly #onEnd: (record: GenerationRecord) => void
  readonly #active = new Map<Caller, number>()
  readonly #drained: (() => void)[] = []

  constructor(service: Service, limits: Limits, onEnd: (record: GenerationRecord) => void = () => undefined) {
    this.#service = service
    this.#limits = limits
    this.#onEnd = onEnd
  }

  /** Generations under way, those that wait for a place in the batch among them. */
  get active(): number {
    let sum = 0
    for (const count of this.#active.values()) sum += count
    return sum
  }

  /** Resolves once nothing is under way. */
  async drained(): Promise<void> {
    if (this.active === 0) return
    await new Promise<void>((resolve) => this.#drained.push(resolve))
  }

  /** The whole answer of `stream`. */
  complete(caller: Caller, options: GenerateOptions, signal: AbortSignal): Promise<Answer> {
    return collect(this.stream(caller, options, signal))
  }

  /**
   * Streams an answer; `signal` is the client's, and ends it within a step of the model.
   *
   * @throws ApiError 429 over the limit of the key, 503 while there is no model, 504 after the time that a first
   * token or the whole may take, and what `toApiError` makes of the engine's errors.
   */
  async *stream(caller: Caller, options: GenerateOptions, signal: AbortSignal): AsyncGenerator<Chunk, void> {
    const started = performance.now()
    const { engine } = this.#service
    this.#enter(caller)
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), this.#limits.firstTokenTimeoutMs)
    let ttftMs: number | undefined
    let last: Chunk | undefined
    let failure: ApiError | undefined
    let ended = false
    try {
      const chunks = engine.generate({
        ...options,
        ...(this.#service.isRemote ? {} : { caller }),
        deadlineMs: this.#limits.requestTimeoutMs,
        signal: AbortSignal.any([signal, late.signal]),
      })
      for await (const chunk of chunks) {
        if (ttftMs === undefined) {
          clearTimeout(timer)
          ttftMs = performance.now() - started
        }
        if (chunk.usage !== undefined) last = chunk
        yield chunk
      }
      ended = true
    } catch (error) {
      failure = late.signal.aborted && isAbort(error) ? tooLate(this.#limits) : toApiError(error)
      throw failure
    } finally {
      clearTimeout(timer)
      this.#leave(caller)
      // Whoever stops reading has left, be it the client or a stop of our own.
      if (!ended && last === undefined) failure ??= clientLeft()
      const totalMs = performance.now() - started
      this.#onEnd({ caller, model: options.model, error: failure, last, ttftMs, totalMs })
    }
  }

  #enter(caller: Caller): void {
    const count = this.#active.get(caller) ?? 0
    const { streamsPerKey } = this.#limits
    if (count >= streamsPerKey) {
      const message = `At most ${streamsPerKey} requests of one key may run at once.`
      throw new ApiError(429, 'too_many_requests', message, { retryAfterSeconds: 1 })
    }
    this.#active.set(caller, count + 1)
  }

  #leave(caller: Caller): void {
    const count = (this.#active.get(caller) ?? 1) - 1
    if (count > 0) this.#active.set(caller, count)
    else this.#active.delete(caller)
    if (this.active === 0) for (const resolve of this.#drained.splice(0)) resolve()
  }
}

function isAbort(error: unknown): boolean {
  return EngineError.isInstance(error) && error.code === 'ABORTED'
}

function tooLate({ firstTokenTimeoutMs }: Limits): ApiError {
  const message = `There was no token after ${firstTokenTimeoutMs / 1000} seconds.`
  return new ApiError(504, 'timeout', message, { retryAfterSeconds: 5 })
}

function clientLeft(): ApiError {
  return new ApiError(499, 'client_closed_request', 'The client left.')
}
