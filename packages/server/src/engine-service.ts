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
import { withTimeout } from './with-timeout.ts'

/** `failed`: the worker can't be started again; it is tried further. */
export const states = ['starting', 'loading', 'ready', 'restarting', 'failed', 'stopping'] as const

export type State = (typeof states)[number]

/** Pauses before each attempt to bring the worker back; the last one repeats. */
const restartDelaysMs = [0, 500, 1000, 2000, 5000, 15_000]
/** A worker that lived so long is brought back without a pause: what killed it is not what killed the one before. */
const stableMs = 30_000
/** How long the engine's status may take for those who ask what it is, not whether the worker lives. */
const statusMs = 1000
/** A step of the largest model, or a chunk of a prompt, takes seconds at most. */
const hangTimeoutMs = 30_000

export interface EngineServiceOptions {
  /** For `createEngine`. */
  engine?: EngineOptions
  /** Another server that runs the model, in place of a worker of our own. */
  remote?: RemoteOptions | undefined
  onState?: (state: State, error: EngineError | undefined) => void
  /** Hears how far each load is. */
  onProgress?: (progress: LoadProgress) => void
  /** What a start ends with whose model is not on disk, in place of a download. */
  missingModelError?: EngineError | undefined
  /** How long a worker that is suspected to hang has to answer. */
  hangTimeoutMs?: number | undefined
}

/** The engine with its model in memory, brought back by itself when the worker dies. */
export class EngineService {
  readonly #options: EngineServiceOptions
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
  #restarting: Promise<void> | undefined
  #statusRequest: Promise<EngineStatus> | undefined
  #hangCheck: Promise<void> | undefined

  constructor(options: EngineServiceOptions = {}) {
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
    throw unavailableError(this.#state)
  }

  /** Whether another server runs the model: it knows nothing of this one's callers. */
  get isRemote(): boolean {
    return this.#options.remote !== undefined
  }

  /**
   * What the engine says of itself, in any state; undefined where it says nothing within a second. Many may ask at
   * once: the worker is asked once.
   */
  async status(timeoutMs: number = statusMs): Promise<EngineStatus | undefined> {
    const engine = this.#engine
    if (engine === undefined) return undefined
    this.#statusRequest ??= engine.status().finally(() => {
      this.#statusRequest = undefined
    })
    // A worker that dies while it is asked says nothing either.
    return withTimeout(this.#statusRequest, timeoutMs).catch(() => undefined)
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
    this.#setState('stopping')
  }

  /** Ends the worker, and with it what is under way. Resolves once the process is gone. */
  async stop(): Promise<void> {
    // A start that nobody asked for has no end to tell of.
    if (this.#starting === undefined) this.#state = 'stopping'
    else this.#setState('stopping')
    this.#stopped.abort()
    // Whoever called `start` hears of its failure.
    await this.#starting?.catch(() => undefined)
    await this.#restarting
    await this.#engine?.dispose()
  }

  /**
   * To be called when a call took too long: a worker that doesn't even answer to its status hangs, and is killed, so
   * that another one is started. One that is only busy is left alone.
   */
  checkForHang(): void {
    this.#hangCheck ??= this.#killIfHung().finally(() => {
      this.#hangCheck = undefined
    })
  }

  async #start(): Promise<void> {
    const { signal } = this.#stopped
    const { engine, remote } = this.#options
    this.#engine = await createEngine(
      remote ?? { ...engine, signal, onWorkerExit: (error) => this.#onWorkerExit(error) },
    )
    this.#setState('loading')
    await this.#loadConfiguredModel(this.#engine, this.#options.missingModelError)
    this.#setReady()
  }

  async #loadConfiguredModel(engine: Engine, missingModelError: EngineError | undefined): Promise<void> {
    try {
      await this.#load(engine, missingModelError === undefined)
    } catch (error) {
      const missing = EngineError.isInstance(error) && error.code === 'MODEL_NOT_FOUND'
      throw missing && missingModelError !== undefined ? missingModelError : error
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

  async #killIfHung(): Promise<void> {
    const pid = this.#pid
    if (this.#state !== 'ready' || pid === undefined) return
    const status = await this.status(this.#options.hangTimeoutMs ?? hangTimeoutMs)
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
    this.#restarting ??= this.#restartWorker(error).finally(() => {
      this.#restarting = undefined
    })
  }

  async #restartWorker(crash: EngineError): Promise<void> {
    const { signal } = this.#stopped
    if (performance.now() - this.#readyAt > stableMs) this.#attempts = 0
    this.#setState('restarting', crash)
    while (true) {
      const delayMs = restartDelaysMs[Math.min(this.#attempts, restartDelaysMs.length - 1)]
      this.#attempts += 1
      // An abort ends the pause; the next line sees to it.
      await setTimeout(delayMs, undefined, { signal }).catch(() => undefined)
      if (this.#engine === undefined || signal.aborted) return
      try {
        await this.#load(this.#engine, false)
        this.#restarts += 1
        return this.#setReady()
      } catch (error) {
        this.#setState('failed', EngineError.isInstance(error) ? error : crash)
      }
    }
  }

  #setReady(): void {
    this.#readyAt = performance.now()
    this.#setState('ready')
  }

  #setState(state: State, error?: EngineError): void {
    if (this.#state === 'stopping') return
    this.#state = state
    this.#error = error
    this.#options.onState?.(state, error)
  }
}

function unavailableError(state: State): ApiError {
  if (state === 'stopping') {
    return new ApiError(503, 'shutting_down', 'The server is shutting down.', { retryAfterSeconds: 5 })
  }
  const again = state === 'restarting' || state === 'failed'
  const message = again ? 'The model is being started again.' : 'The model is being loaded.'
  return new ApiError(503, again ? 'model_restarting' : 'model_loading', message, { retryAfterSeconds: 2 })
}
