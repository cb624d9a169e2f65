import { setTimeout } from 'node:timers/promises'
import {
  createEngine,
  type Engine,
  EngineError,
  type EngineOptions,
  type LoadProgress,
  type RemoteOptions,
} from '#engine'
import { ApiError } from './errors.ts'

/** `failed`: the worker can't be started again; it is tried further. */
export type State = 'starting' | 'loading' | 'ready' | 'restarting' | 'failed' | 'stopping'

/** Pauses between attempts to bring the worker back; the last one repeats. */
const pausesMs = [0, 500, 1000, 2000, 5000, 15_000]

export interface ServiceOptions {
  /** For `createEngine`. */
  engine?: EngineOptions
  /** Another server that runs the model, in place of a worker of our own. */
  remote?: RemoteOptions | undefined
  onState?: (state: State, error: EngineError | undefined) => void
}

/** The engine with its model in memory, brought back by itself when the worker dies. */
export class Service {
  readonly #options: ServiceOptions
  readonly #stopped = new AbortController()
  #engine: Engine | undefined
  #state: State = 'starting'
  #progress: LoadProgress | undefined
  #error: EngineError | undefined
  #restarts = 0
  #reviving: Promise<void> | undefined

  constructor(options: ServiceOptions = {}) {
    this.#options = options
  }

  get state(): State {
    return this.#state
  }

  /** Of the load under way. */
  get progress(): LoadProgress | undefined {
    return this.#progress
  }

  /** Why the state is `failed` or `restarting`. */
  get error(): EngineError | undefined {
    return this.#error
  }

  /** How many times the worker was brought back. */
  get restarts(): number {
    return this.#restarts
  }

  /**
   * The engine, for a call.
   *
   * @throws ApiError 503 unless the state is `ready`.
   */
  get engine(): Engine {
    if (this.#engine !== undefined && this.#state === 'ready') return this.#engine
    throw unavailable(this.#state)
  }

  /** Whether another server runs the model: it knows nothing of this one's callers. */
  get isRemote(): boolean {
    return this.#options.remote !== undefined
  }

  /** The engine if it is there, in any state: to ask for its status. */
  get anyEngine(): Engine | undefined {
    return this.#engine
  }

  /**
   * Starts the worker and loads the configured model.
   *
   * @throws EngineError as `createEngine` and `loadModel`, ABORTED after `stop`.
   */
  async start(): Promise<void> {
    const { signal } = this.#stopped
    const { engine, remote } = this.#options
    this.#engine = await createEngine(
      remote ?? { ...engine, signal, onWorkerExit: (error) => this.#onWorkerExit(error) },
    )
    this.#become('loading')
    await this.#load(this.#engine)
    this.#become('ready')
  }

  /** New calls get 503; those under way go on until `stop`. */
  drain(): void {
    this.#become('stopping')
  }

  /** Ends the worker, and with it what is under way. */
  async stop(): Promise<void> {
    this.#become('stopping')
    this.#stopped.abort()
    await this.#reviving
    await this.#engine?.dispose()
  }

  async #load(engine: Engine): Promise<void> {
    try {
      await engine.loadModel({
        signal: this.#stopped.signal,
        onProgress: (progress) => {
          this.#progress = progress
        },
      })
    } finally {
      this.#progress = undefined
    }
  }

  #onWorkerExit(error: EngineError): void {
    // Dying while the first load is under way is a failed start, told by `start`.
    if (this.#state === 'starting' || this.#state === 'loading') return
    this.#reviving ??= this.#revive(error).finally(() => {
      this.#reviving = undefined
    })
  }

  async #revive(death: EngineError): Promise<void> {
    const stopping = this.#state === 'stopping'
    if (!stopping) this.#become('restarting', death)
    for (let attempt = 0; !this.#stopped.signal.aborted; attempt++) {
      const pauseMs = pausesMs[Math.min(attempt, pausesMs.length - 1)]
      // An abort ends the pause; the next line sees to it.
      await setTimeout(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined)
      if (this.#engine === undefined || this.#stopped.signal.aborted) return
      try {
        await this.#load(this.#engine)
        this.#restarts += 1
        if (this.#state !== 'stopping') this.#become('ready')
        return
      } catch (error) {
        if (this.#state === 'stopping') return
        this.#become('failed', EngineError.isInstance(error) ? error : death)
      }
    }
  }

  #become(state: State, error?: EngineError): void {
    if (this.#state === 'stopping') return
    this.#state = state
    this.#error = error
    this.#options.onState?.(state, error)
  }
}

function unavailable(state: State): ApiError {
  if (state === 'stopping') {
    return new ApiError(503, 'shutting_down', 'The server is shutting down.', { retryAfterSeconds: 5 })
  }
  const again = state === 'restarting' || state === 'failed'
  const message = again ? 'The model is being started again.' : 'The model is being loaded.'
  return new ApiError(503, again ? 'model_restarting' : 'model_loading', message, { retryAfterSeconds: 2 })
}
