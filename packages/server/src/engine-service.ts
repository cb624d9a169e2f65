import { setTimeout } from 'node:timers/promises'
import {
  createEngine,
  type Engine,
  EngineError,
  type EngineOptions,
  type EngineStatus,
  type LoadProgress,
  type RemoteOptions,
} from 'mlx-app'
import { ApiError } from './errors.ts'
import { within } from './with-timeout.ts'

/** `failed`: the worker can't be started again; it is tried further. */
export const states = ['starting', 'loading', 'ready', 'restarting', 'failed', 'stopping'] as const

export type State = (typeof states)[number]

/** Pauses before each attempt to bring the worker back; the last one repeats. */
const pausesMs = [0, 500, 1000, 2000, 5000, 15_000]
/** A worker that lived so long is brought back without a pause: what killed it is not what killed the one before. */
const healthyMs = 30_000
/** How long the engine's status may take for those who ask what it is, not whether the worker lives. */
const statusMs = 1000
/** A step of the largest model, or a chunk of a prompt, takes seconds at most. */
const hungMs = 30_000

export interface ServiceOptions {
  /** For `createEngine`. */
  engine?: EngineOptions
  /** Another server that runs the model, in place of a worker of our own. */
  remote?: RemoteOptions | undefined
  onState?: (state: State, error: EngineError | undefined) => void
  /** Hears how far each load is. */
  onProgress?: (progress: LoadProgress) => void
  /** What a start ends with whose model is not on disk, in place of a download. */
  refusal?: EngineError | undefined
  /** How long a worker that is suspected to hang has to answer. */
  hungMs?: number | undefined
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
  /** Attempts to bring the worker back since it was last healthy. */
  #attempts = 0
  #readyAt = 0
  #pid: number | undefined
  #starting: Promise<void> | undefined
  #reviving: Promise<void> | undefined
  #asking: Promise<EngineStatus> | undefined
  #suspecting: Promise<void> | undefined

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

  /**
   * What the engine says of itself, in any state; undefined where it says nothing within a second. Many may ask at
   * once: the worker is asked once.
   */
  async status(withinMs: number = statusMs): Promise<EngineStatus | undefined> {
    const engine = this.#engine
    if (engine === undefined) return undefined
    this.#asking ??= engine.status().finally(() => {
      this.#asking = undefined
    })
    // A worker that dies while it is asked says nothing either.
    return within(this.#asking, withinMs).catch(() => undefined)
  }

  /**
   * Starts the worker and loads the configured model.
   *
   * @throws EngineError as `createEngine` and `loadModel`, ABORTED after `stop`.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** New calls get 503; those under way go on until `stop`. */
  drain(): void {
    this.#become('stopping')
  }

  /** Ends the worker, and with it what is under way. Resolves once the process is gone. */
  async stop(): Promise<void> {
    // A start that nobody asked for has no end to tell of.
    if (this.#starting === undefined) this.#state = 'stopping'
    else this.#become('stopping')
    this.#stopped.abort()
    // Whoever called `start` hears of its failure.
    await this.#starting?.catch(() => undefined)
    await this.#reviving
    await this.#engine?.dispose()
  }

  /**
   * To be called when a call took too long: a worker that doesn't even answer to its status hangs, and is killed, so
   * that another one is started. One that is only busy is left alone.
   */
  suspect(): void {
    this.#suspecting ??= this.#endIfHung().finally(() => {
      this.#suspecting = undefined
    })
  }

  async #start(): Promise<void> {
    const { signal } = this.#stopped
    const { engine, remote } = this.#options
    this.#engine = await createEngine(
      remote ?? { ...engine, signal, onWorkerExit: (error) => this.#onWorkerExit(error) },
    )
    this.#become('loading')
    await this.#loadFirst(this.#engine, this.#options.refusal)
    this.#becomeReady()
  }

  async #loadFirst(engine: Engine, refusal: EngineError | undefined): Promise<void> {
    try {
      await this.#load(engine, refusal === undefined)
    } catch (error) {
      const missing = EngineError.isInstance(error) && error.code === 'MODEL_NOT_FOUND'
      throw missing && refusal !== undefined ? refusal : error
    }
  }

  async #load(engine: Engine, download: boolean): Promise<void> {
    try {
      await engine.loadModel({
        download,
        signal: this.#stopped.signal,
        onProgress: (progress) => {
          this.#progress = progress
          this.#options.onProgress?.(progress)
        },
      })
      const { worker, pid } = await engine.status()
      // It died since: nobody else hears of that while the model is being loaded.
      if (worker === 'stopped')
        throw new EngineError('WORKER_EXITED', 'The worker ended once the model was loaded.')
      this.#pid = pid
    } finally {
      this.#progress = undefined
    }
  }

  async #endIfHung(): Promise<void> {
    const pid = this.#pid
    if (this.#state !== 'ready' || pid === undefined) return
    const status = await this.status(this.#options.hungMs ?? hungMs)
    if (status !== undefined || this.#pid !== pid) return
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // ESRCH: it ended by itself since, which `#onWorkerExit` is about to hear.
    }
  }

  #onWorkerExit(error: EngineError): void {
    this.#pid = undefined
    // Dying while the first load is under way is a failed start, told by `start`.
    if (this.#state === 'starting' || this.#state === 'loading' || this.#state === 'stopping') return
    this.#reviving ??= this.#revive(error).finally(() => {
      this.#reviving = undefined
    })
  }

  async #revive(death: EngineError): Promise<void> {
    const { signal } = this.#stopped
    if (performance.now() - this.#readyAt > healthyMs) this.#attempts = 0
    this.#become('restarting', death)
    while (true) {
      const pauseMs = pausesMs[Math.min(this.#attempts, pausesMs.length - 1)]
      this.#attempts += 1
      // An abort ends the pause; the next line sees to it.
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined)
      if (this.#engine === undefined || signal.aborted) return
      try {
        await this.#load(this.#engine, false)
        this.#restarts += 1
        return this.#becomeReady()
      } catch (error) {
        this.#become('failed', EngineError.isInstance(error) ? error : death)
      }
    }
  }

  #becomeReady(): void {
    this.#readyAt = performance.now()
    this.#become('ready')
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
