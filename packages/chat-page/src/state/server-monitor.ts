import { errorMessage } from '../format.ts'
import {
  type LoadProgress,
  type Model,
  type ServerState,
  type ServerStatus,
  type Transport,
  TransportError,
} from '../transport/transport.ts'
import { Observable } from './observable.ts'

export interface Server extends Omit<ServerStatus, 'state'> {
  /** `unknown` until the first answer; `unreachable` where there is none. */
  state: ServerState | 'unknown' | 'unreachable'
  models: readonly Model[]
  /** Whether the server wants a key, and which word to ask for it with. */
  key?: 'missing' | 'refused' | undefined
  /** A model that is loaded because somebody chose it. */
  loading?: { model: string; progress?: LoadProgress | undefined } | undefined
  /** Why the last such load ended without a model. */
  loadProblem?: string | undefined
}

const pollEveryMs = 1000

/** What the page knows of the server. While the server is not ready it is asked once a second. */
export class ServerMonitor extends Observable<Server> {
  readonly #transport: Transport
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false
  /** What is under way may have been answered before that which one asks about. */
  #askAgain = false
  #keyTried = false
  #load: AbortController | undefined

  constructor(transport: Transport) {
    super({ state: 'unknown', models: [] })
    this.#transport = transport
  }

  /** Asks now, and goes on until the server is ready. */
  async check(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true
      return
    }
    this.#asking = true
    this.#askAgain = false
    clearTimeout(this.#timer)
    try {
      const status = await this.#transport.status()
      const models = status.state === 'ready' ? await this.#transport.models() : this.get().models
      const { state, model, progress, message } = status
      this.#change({ state, model, progress, message, models, key: undefined })
    } catch (error) {
      this.#setFailure(error)
    } finally {
      this.#asking = false
    }
    const { state, key } = this.get()
    if (this.#askAgain) void this.check()
    else if (state !== 'ready' && key === undefined)
      this.#timer = setTimeout(() => void this.check(), pollEveryMs)
  }

  giveKey(key: string): void {
    this.#keyTried = true
    this.#transport.giveKey(key)
    void this.check()
  }

  /** After a call that failed: a wrong key is asked for again, anything else may be the server's state. */
  handleFailure(error: unknown): void {
    if (error instanceof TransportError && error.status === 401) this.#setFailure(error)
    else void this.check()
  }

  /** Loads a model; a load that is under way ends. */
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

  cancelLoad(): void {
    this.#load?.abort()
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
