import { type Answer, type Chunk, collect, EngineError, type GenerateOptions } from 'mlx-app'
import type { Caller } from './caller.ts'
import type { EngineService } from './engine-service.ts'
import { ApiError, toApiError } from './errors.ts'
import type { Settings } from './settings.ts'

/** How a generation went, told once when it is over. */
export interface GenerationRecord {
  caller: Caller
  /** What was asked for. */
  options: GenerateOptions
  /** The failure; undefined for an answer that came to its end. */
  error: ApiError | undefined
  /** The last piece, which holds usage and timings; undefined where it never came. */
  last: Chunk | undefined
  /** From the call to its first token; undefined where there was none. */
  ttftMs: number | undefined
  totalMs: number
}

type Limits = Pick<Settings, 'streamsPerKey' | 'firstTokenTimeoutMs' | 'requestTimeoutMs'>

type OnEnd = (record: GenerationRecord) => void

/** All generations of the server: each endpoint starts its own here, so that limits hold for all of them together. */
export class GenerationLimiter {
  readonly #engineService: EngineService
  readonly #limits: Limits
  readonly #onEnd: OnEnd
  readonly #active = new Map<Caller, number>()
  /** Under way, by the request that they are for. */
  readonly #open = new Map<AbortSignal, number>()
  readonly #records = new WeakMap<AbortSignal, GenerationRecord[]>()
  readonly #endListeners: (() => void)[] = []

  constructor(engineService: EngineService, limits: Limits, onEnd: OnEnd = () => undefined) {
    this.#engineService = engineService
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
  async waitUntilIdle(): Promise<void> {
    while (this.active > 0) await this.#nextEnd()
  }

  /** How the generations of a request went, once all of them are over; by its signal. */
  async recordsFor(signal: AbortSignal): Promise<readonly GenerationRecord[]> {
    while (this.#open.has(signal)) await this.#nextEnd()
    return this.#records.get(signal) ?? []
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
    const { engine } = this.#engineService
    this.#begin(caller, signal)
    const stop = new AbortController()
    const onLeave = () => stop.abort(signal.reason)
    let late = false
    const timer = setTimeout(() => {
      late = true
      stop.abort()
    }, this.#limits.firstTokenTimeoutMs)
    let ttftMs: number | undefined
    let last: Chunk | undefined
    let error: ApiError | undefined
    let ended = false
    try {
      if (signal.aborted) onLeave()
      else signal.addEventListener('abort', onLeave, { once: true })
      const chunks = engine.generate({
        ...options,
        ...(this.#engineService.isRemote ? {} : { caller }),
        deadlineMs: this.#limits.requestTimeoutMs,
        signal: stop.signal,
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
    } catch (cause) {
      error = late && isAbort(cause) ? firstTokenTimeoutError(this.#limits) : toApiError(cause)
      // Either the machine is too slow for what it is asked, or the worker hangs.
      if (error.status === 504) this.#engineService.checkForHang()
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onLeave)
      // Whoever stops reading has left, be it the client or a stop of our own.
      if (!ended && last === undefined) error ??= clientLeftError()
      const totalMs = performance.now() - started
      const record = { caller, options, error, last, ttftMs, totalMs }
      this.#records.set(signal, [...(this.#records.get(signal) ?? []), record])
      this.#onEnd(record)
      this.#end(caller, signal)
    }
  }

  #begin(caller: Caller, signal: AbortSignal): void {
    const count = this.#active.get(caller) ?? 0
    const { streamsPerKey } = this.#limits
    if (count >= streamsPerKey) {
      const message = `At most ${streamsPerKey} requests of one key may run at once.`
      throw new ApiError(429, 'too_many_requests', message, { retryAfterSeconds: 1 })
    }
    this.#active.set(caller, count + 1)
    this.#open.set(signal, (this.#open.get(signal) ?? 0) + 1)
  }

  #end(caller: Caller, signal: AbortSignal): void {
    decrement(this.#active, caller)
    decrement(this.#open, signal)
    for (const resolve of this.#endListeners.splice(0)) resolve()
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => this.#endListeners.push(resolve))
  }
}

function decrement<Key>(counts: Map<Key, number>, key: Key): void {
  const count = (counts.get(key) ?? 1) - 1
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

function isAbort(error: unknown): boolean {
  return EngineError.isInstance(error) && error.code === 'ABORTED'
}

function firstTokenTimeoutError({ firstTokenTimeoutMs }: Limits): ApiError {
  const message = `There was no token after ${firstTokenTimeoutMs / 1000} seconds.`
  return new ApiError(504, 'timeout', message, { retryAfterSeconds: 5 })
}

function clientLeftError(): ApiError {
  return new ApiError(499, 'client_closed_request', 'The client left.')
}
