import { type Answer, type Chunk, collect, EngineError, type GenerateOptions } from 'mlx-app'
import type { Caller } from './caller.ts'
import type { EngineService } from './engine-service.ts'
import { ApiError, clientLeftError, toApiError } from './errors.ts'
import { toEngineOptions } from './requests/engine-options.ts'
import type { Settings } from './settings.ts'

/** The outcome of a generation, recorded once when it ends. */
export interface GenerationRecord {
  caller: Caller
  /** The options that the generation was called with. */
  options: GenerateOptions
  /** The error, or undefined if the answer is complete. */
  error: ApiError | undefined
  /** The last chunk, which has usage and timings, or undefined if it never arrived. */
  last: Chunk | undefined
  /** The time from the call to the first token, or undefined if there was none. */
  ttftMs: number | undefined
  totalMs: number
}

type Limits = Pick<Settings, 'streamsPerKey' | 'firstTokenTimeoutMs' | 'requestTimeoutMs' | 'volatileLines'>

type OnEnd = (record: GenerationRecord) => void

/** Runs all generations of the server, so that limits apply across endpoints. */
export class GenerationLimiter {
  readonly #engineService: EngineService
  readonly #limits: Limits
  readonly #onEnd: OnEnd
  readonly #active = new Map<Caller, number>()
  /** The number of running generations per request, by the request's signal. */
  readonly #open = new Map<AbortSignal, number>()
  readonly #records = new WeakMap<AbortSignal, GenerationRecord[]>()
  readonly #endListeners: (() => void)[] = []

  constructor(engineService: EngineService, limits: Limits, onEnd: OnEnd = () => undefined) {
    this.#engineService = engineService
    this.#limits = limits
    this.#onEnd = onEnd
  }

  /** The number of running and queued generations. */
  get active(): number {
    let sum = 0
    for (const count of this.#active.values()) sum += count
    return sum
  }

  /** Resolves when no generation is running. */
  async waitUntilIdle(): Promise<void> {
    while (this.active > 0) await this.#nextEnd()
  }

  /** Waits until all generations of a request have ended, and returns their records. */
  async recordsFor(signal: AbortSignal): Promise<readonly GenerationRecord[]> {
    while (this.#open.has(signal)) await this.#nextEnd()
    return this.#records.get(signal) ?? []
  }

  /** Returns the complete answer of `stream`. */
  complete(caller: Caller, options: GenerateOptions, signal: AbortSignal): Promise<Answer> {
    return collect(this.stream(caller, options, signal))
  }

  /**
   * Streams an answer. When the client's `signal` aborts, the generation ends within one decode step.
   *
   * @throws ApiError 429 over the key's limit, 503 while no model is loaded, 504 if the first token or the whole
   * answer takes too long, and engine errors as `toApiError` converts them.
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
        ...toEngineOptions(options, this.#engineService, this.#limits),
        ...(!this.#engineService.isRemote && { caller }),
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
      throw error
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onLeave)
      // The consumer stopped reading: the client disconnected, or the server cancelled the generation.
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
      const message = `At most ${streamsPerKey} requests per key can run at the same time.`
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
  const message = `No token was generated within ${firstTokenTimeoutMs / 1000} seconds.`
  return new ApiError(504, 'timeout', message, { retryAfterSeconds: 5 })
}
