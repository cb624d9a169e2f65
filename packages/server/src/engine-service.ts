import { setTimeout } from 'node:timers/promises'
import {
  createEngine,
  type Engine,
  EngineError,
  type EngineOptions,
  type EngineStatus,
  type LoadedModel,
  type LoadOptions,
  type LoadProgress,
  type RemoteOptions,
} from 'mlx-app'
import { type Readiness, type State, unavailableError } from './server-state.ts'
import { withTimeout } from './with-timeout.ts'

/** The delays before each attempt to restart the worker. The last one repeats. */
const restartDelaysMs = [0, 500, 1000, 2000, 5000, 15_000]
/** After this time without a crash, the next restart begins without a delay again. */
const stableMs = 30_000
/** How long to wait for the engine's status when it is only shown. */
const statusMs = 1000

export interface EngineServiceOptions {
  /** The options of `createEngine`. */
  engine?: EngineOptions
  /** The remote server that runs the model, instead of a local worker. */
  remote?: RemoteOptions | undefined
  onState?: (state: State, error: EngineError | undefined) => void
  /** Called when the worker has had work for some seconds without a step of a model, and when it goes on. */
  onStall?: (stalled: boolean) => void
  /** Receives the progress of each model load. */
  onProgress?: (progress: LoadProgress) => void
  /** The error to fail with if the model is not on disk. Without it, the model is downloaded. */
  missingModelError?: EngineError | undefined
}

/** Runs the engine, keeps its model in memory, and restarts the worker after a crash. */
export class EngineService {
  readonly #options: EngineServiceOptions
  readonly #stopped = new AbortController()
  #engine: Engine | undefined
  #state: State = 'starting'
  #progress: LoadProgress | undefined
  #error: EngineError | undefined
  #restarts = 0
  /** The number of restart attempts since the worker was last stable. */
  #attempts = 0
  #readyAt = 0
  /** The model to load, if it is not the configured one. */
  #model: string | undefined
  #isStalled = false
  #loaded: LoadedModel | undefined
  #lastStepAt: number | null = null
  #starting: Promise<void> | undefined
  #startFailed = false
  #startCancelled = new AbortController()
  #restarting: Promise<void> | undefined
  #statusRequest: Promise<EngineStatus> | undefined

  constructor(options: EngineServiceOptions = {}) {
    this.#options = options
  }

  get state(): State {
    return this.#state
  }

  /** The state for load balancers: `stalled` while the worker has had work for some seconds without a step. */
  get readiness(): Readiness {
    return this.#isStalled && this.#state === 'ready' ? 'stalled' : this.#state
  }

  /** The configured model as it was loaded last. */
  get loaded(): LoadedModel | undefined {
    return this.#loaded
  }

  /** The name of the model that took the place of the configured one, which could not be loaded at the start. */
  get replacement(): string | undefined {
    return this.#model
  }

  /** Unix time of the last known step of a model in milliseconds, or null before it. */
  get lastStepAt(): number | null {
    return this.#lastStepAt
  }

  /** The progress of the current model load. */
  get progress(): LoadProgress | undefined {
    return this.#progress
  }

  /** The error that led to the state `failed` or `restarting`. */
  get error(): EngineError | undefined {
    return this.#error
  }

  /** Whether the server has ever been ready. If not, nothing is retried in the state `failed`. */
  get hasStarted(): boolean {
    return this.#readyAt > 0
  }

  /** How many times the worker was restarted. */
  get restarts(): number {
    return this.#restarts
  }

  /**
   * The engine, if it can take requests.
   *
   * @throws ApiError 503 unless the state is `ready`.
   */
  get engine(): Engine {
    if (this.#engine !== undefined && this.#state === 'ready') return this.#engine
    throw unavailableError(this.#state, this.#error, this.hasStarted)
  }

  /**
   * The engine, if it can list and load models. It also can if the model could not be loaded at the start.
   *
   * @throws ApiError 503 while it can't.
   */
  get modelLoader(): Engine {
    return this.#engine !== undefined && this.#isWithoutModel ? this.#engine : this.engine
  }

  get #isWithoutModel(): boolean {
    return this.#state === 'failed' && !this.hasStarted
  }

  /** Whether a remote server runs the model. It does not know the callers of this server. */
  get isRemote(): boolean {
    return this.#options.remote !== undefined
  }

  /**
   * Returns the engine's status in any state, or undefined if the engine does not answer in time. Concurrent calls
   * share one request to the worker.
   */
  async status(timeoutMs: number = statusMs): Promise<EngineStatus | undefined> {
    const engine = this.#engine
    if (engine === undefined) return undefined
    this.#statusRequest ??= engine.status().finally(() => {
      this.#statusRequest = undefined
    })
    // The worker may also exit before it answers.
    const status = await withTimeout(this.#statusRequest, timeoutMs).catch(() => undefined)
    this.#lastStepAt = status?.lastStepAt ?? this.#lastStepAt
    return status
  }

  /**
   * Starts the worker and loads the configured model. Further calls return the same promise. A start that fails leaves
   * the state `failed`, and the next call tries again.
   *
   * @throws EngineError as `createEngine` and `loadModel`, ABORTED after `cancelStart` and `stop`.
   */
  start(): Promise<void> {
    if (this.#startFailed) this.#starting = undefined
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** Cancels the start, including a download. It has no effect once the model is in memory. */
  cancelStart(): void {
    this.#startCancelled.abort()
  }

  /**
   * Loads a model that is on disk. If the configured one could not be loaded at the start, it takes its place, and the
   * server is ready.
   *
   * @throws ApiError 503 while the engine can't load models; EngineError as `loadModel`.
   */
  async loadModel(options: Omit<LoadOptions, 'download'>): Promise<void> {
    const engine = this.modelLoader
    const loaded = await engine.loadModel({ ...options, download: false })
    if (!this.#isWithoutModel) return
    await requireWorker(engine)
    this.#loaded = loaded
    this.#model = options.model
    this.#setReady()
  }

  /** Rejects new requests with 503. Running requests continue until `stop`. */
  drain(): void {
    this.#setState('stopping')
  }

  /** Stops the worker and all running requests. Resolves when the process has exited. */
  async stop(): Promise<void> {
    // If the engine was never started, there is no state change to report.
    if (this.#starting === undefined) this.#state = 'stopping'
    else this.#setState('stopping')
    this.#stopped.abort()
    // The caller of `start` handles its failure.
    await this.#starting?.catch(() => undefined)
    await this.#restarting
    await this.#engine?.dispose()
  }

  async #start(): Promise<void> {
    const { engine, remote } = this.#options
    this.#startFailed = false
    this.#startCancelled = new AbortController()
    const signal = AbortSignal.any([this.#stopped.signal, this.#startCancelled.signal])
    try {
      if (this.#state === 'failed') this.#setState('starting')
      this.#engine ??= await createEngine(
        remote ?? {
          ...engine,
          signal,
          onWorkerExit: (error) => this.#onWorkerExit(error),
          onWorkerStall: (stalled) => this.#onWorkerStall(stalled),
        },
      )
      this.#setState('loading')
      await this.#loadConfiguredModel(this.#engine, this.#options.missingModelError, signal)
      this.#setReady()
    } catch (error) {
      this.#startFailed = true
      this.#setState('failed', EngineError.isInstance(error) ? error : undefined)
      throw error
    }
  }

  async #loadConfiguredModel(
    engine: Engine,
    missingModelError: EngineError | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#load(engine, missingModelError === undefined, signal)
    } catch (error) {
      const missing = EngineError.isInstance(error) && error.code === 'MODEL_NOT_FOUND'
      throw missing && missingModelError !== undefined ? missingModelError : error
    }
  }

  async #load(engine: Engine, download: boolean, signal: AbortSignal): Promise<void> {
    try {
      this.#loaded = await engine.loadModel({
        ...(this.#model !== undefined && { model: this.#model }),
        download,
        signal,
        onProgress: (progress) => {
          this.#progress = progress
          this.#options.onProgress?.(progress)
        },
      })
      await requireWorker(engine)
    } finally {
      this.#progress = undefined
    }
  }

  #onWorkerStall(stalled: boolean): void {
    this.#isStalled = stalled
    if (this.#state === 'ready') this.#options.onStall?.(stalled)
  }

  #onWorkerExit(error: EngineError): void {
    // An exit during the first load rejects `start`.
    if (!this.hasStarted || this.#state === 'stopping') return
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
      // An abort ends the delay, and the next line returns.
      await setTimeout(delayMs, undefined, { signal }).catch(() => undefined)
      if (this.#engine === undefined || signal.aborted) return
      try {
        await this.#load(this.#engine, false, signal)
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

/** @throws EngineError WORKER_EXITED if the worker has exited. Exits during a load are not reported anywhere else. */
async function requireWorker(engine: Engine): Promise<void> {
  const { worker } = await engine.status()
  if (worker === 'stopped')
    throw new EngineError('WORKER_EXITED', 'The worker exited after the model was loaded.')
}
