import { errorMessage } from '../format.ts'
import {
  type LoadProgress,
  type Model,
  type ServerState,
  type ServerStatus,
  type StartControl,
  type Transport,
  TransportError,
} from '../transport/transport.ts'
import { Observable } from './observable.ts'

/** The state of the server. */
export interface Server extends Omit<ServerStatus, 'state'> {
  /** The state, `unknown` until the first response, or `unreachable`. */
  state: ServerState | 'unknown' | 'unreachable'
  models: readonly Model[]
  /** Set if the server requires a key: none was given, or it was rejected. */
  key?: 'missing' | 'refused' | undefined
  /** The model that is being loaded because the user selected it. */
  loading?: { model: string; progress?: LoadProgress | undefined } | undefined
  /** Why the last load failed. */
  loadProblem?: string | undefined
}

const pollEveryMs = 1000

/** Returns whether a server in this state takes requests. */
export function takesRequests(state: Server['state']): boolean {
  return state === 'ready' || state === 'stalled'
}

/** Monitors the state of the server. It polls once per second while the server is not ready. */
export class ServerMonitor extends Observable<Server> {
  readonly #transport: Transport
  #timer: ReturnType<typeof setTimeout> | undefined
  #checking = false
  /** The running check may have started before the change that the next one is for. */
  #checkAgain = false
  #keyTried = false
  #load: AbortController | undefined

  constructor(transport: Transport) {
    super({ state: 'unknown', models: [] })
    this.#transport = transport
  }

  /** Checks the state now, and then until the server is ready. */
  async check(): Promise<void> {
    if (this.#checking) {
      this.#checkAgain = true
      return
    }
    this.#checking = true
    this.#checkAgain = false
    clearTimeout(this.#timer)
    try {
      const status = await this.#transport.status()
      const { state, model, progress, message, startFailed } = status
      const models = takesRequests(state)
        ? await this.#transport.models()
        : startFailed
          ? await this.#otherModels()
          : this.get().models
      this.#change({ state, model, progress, message, startFailed, models, key: undefined })
    } catch (error) {
      this.#setFailure(error)
    } finally {
      this.#checking = false
    }
    const { state, key } = this.get()
    if (this.#checkAgain) void this.check()
    else if (state !== 'ready' && key === undefined)
      this.#timer = setTimeout(() => void this.check(), pollEveryMs)
  }

  /** Returns the models that the user can load instead of the configured one; none if the engine can't run at all. */
  async #otherModels(): Promise<Model[]> {
    return await this.#transport.models().catch(() => [])
  }

  /** Uses a key for further requests. */
  giveKey(key: string): void {
    this.#keyTried = true
    this.#transport.giveKey(key)
    void this.check()
  }

  /** Handles a failed request. An invalid key is requested again. Other errors may be due to the server's state. */
  handleFailure(error: unknown): void {
    if (error instanceof TransportError && error.status === 401) this.#setFailure(error)
    else void this.check()
  }

  /** Loads a model and cancels any running load. */
  async load(model: string): Promise<void> {
    this.cancelLoad()
    const controller = new AbortController()
    this.#load = controller
    this.#change({ loading: { model }, loadProblem: undefined })
    const onProgress = (progress: LoadProgress) => {
      if (this.#load === controller) this.#change({ loading: { model, progress } })
    }
    let loadProblem: string | undefined
    try {
      await this.#transport.load(model, onProgress, controller.signal)
    } catch (error) {
      if (!controller.signal.aborted) loadProblem = `${model}: ${errorMessage(error)}`
    }
    if (this.#load !== controller) return
    this.#load = undefined
    this.#change({ loading: undefined, loadProblem })
    void this.check()
  }

  /** Cancels the running load. */
  cancelLoad(): void {
    this.#load?.abort()
  }

  /** Whether the user can stop the load of the configured model, and try it again. */
  get controlsStart(): boolean {
    return this.#transport.start !== undefined
  }

  /** Stops loading the configured model. */
  stopStart(): void {
    void this.#controlStart((start) => start.stop())
  }

  /** Loads the configured model again. */
  retryStart(): void {
    void this.#controlStart((start) => start.retry())
  }

  async #controlStart(action: (start: StartControl) => Promise<void>): Promise<void> {
    const { start } = this.#transport
    if (start === undefined) return
    try {
      await action(start)
    } catch (error) {
      this.#setFailure(error)
    }
    void this.check()
  }

  #setFailure(error: unknown): void {
    if (error instanceof TransportError && error.status === 401) {
      this.#change({ key: this.#keyTried ? 'refused' : 'missing' })
    } else {
      this.#change({ state: 'unreachable', message: errorMessage(error) })
    }
  }

  #change(change: Partial<Server>): void {
    this.set({ ...this.get(), ...change })
  }
}
