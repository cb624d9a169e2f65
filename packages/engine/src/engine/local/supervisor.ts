import { abortedError, onAbort } from '../abort.ts'
import { disposedError, EngineError } from '../errors.ts'
import { scriptCommand } from '../project/index.ts'
import type { EventOf, Request, WorkerEvent } from '../protocol.ts'
import type { Call } from './answer-queue.ts'
import { withHint } from './hints.ts'
import { WorkerProcess } from './worker-process.ts'

/** Deaths without a completed call between them, after which the worker stays down. */
const mostDeathsInARow = 3

export interface SupervisorOptions {
  command: string
  arguments: readonly string[]
  environment: NodeJS.ProcessEnv
  onLog: (line: string) => void
  /** Hears of each death, after the calls in flight have failed. */
  onDeath: (error: EngineError) => void
}

type WithoutId<Type> = Type extends { id: number } ? Omit<Type, 'id'> : never
/** A request that expects an answer; its id is given by the supervisor. */
export type Question = WithoutId<Exclude<Request, { type: 'cancel' }>>

type RememberedLoad = Extract<Question, { type: 'load' }>

/**
 * Keeps one worker running for all calls. A death fails the calls in flight; the next call starts a new worker,
 * which loads the same models again.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #calls = new Map<number, Call>()
  /** The loads that a restart repeats, by what tells models apart. */
  readonly #models = new Map<string, RememberedLoad>()
  #worker: WorkerProcess | undefined
  #nextId = 1
  #deaths = 0
  #deathsInARow = 0
  #lastDeath: EngineError | undefined
  #disposed = false

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  /** Starts the worker and waits for its first event; an abort ends it again. */
  async start(signal?: AbortSignal): Promise<EventOf<'ready'>> {
    if (signal?.aborted) throw abortedError(signal)
    const worker = this.#running()
    const stopListening = onAbort(signal, () => void worker.stop())
    try {
      return await worker.ready
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : error
    } finally {
      stopListening()
      this.#hold()
    }
  }

  get deaths(): number {
    return this.#deaths
  }

  get pid(): number | undefined {
    return this.#worker?.pid
  }

  get alive(): boolean {
    return this.#worker?.alive ?? false
  }

  knows(model: string): boolean {
    return [...this.#models.values()].some((load) => load.model === model)
  }

  /**
   * Sends a request, starting the worker if need be, and gives the id to cancel it by.
   *
   * @throws EngineError DISPOSED, or the last death's error while the worker stays down.
   */
  submit(question: Question, call: Call): number {
    const worker = this.#running()
    const id = this.#nextId++
    this.#calls.set(id, call)
    worker.hold(true)
    worker.send({ ...question, id })
    return id
  }

  /** Ends a call; it hears nothing more. */
  cancel(id: number): void {
    if (!this.#calls.delete(id)) return
    this.#worker?.send({ type: 'cancel', id })
    this.#hold()
  }

  /** Lets a worker that stays down be started again. */
  forgive(): void {
    this.#deathsInARow = 0
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    this.#failAll(disposedError())
    await this.#worker?.stop()
  }

  #running(): WorkerProcess {
    if (this.#disposed) throw disposedError()
    if (this.#worker?.alive) return this.#worker
    if (this.#deathsInARow >= mostDeathsInARow && this.#lastDeath !== undefined) {
      const { code, message } = this.#lastDeath
      throw new EngineError(
        code,
        `The worker died ${mostDeathsInARow} times in a row and stays down. ${message}`,
        {
          hint: `loadModel starts it again. To see what is wrong, run: ${scriptCommand('doctor')}`,
        },
      )
    }
    const worker = new WorkerProcess({
      ...this.#options,
      onEvent: (event) => this.#dispatch(event),
      onExit: (error) => this.#onExit(worker, error),
    })
    this.#worker = worker
    for (const load of this.#models.values()) {
      worker.send({ ...load, id: this.#nextId++, download: false })
    }
    return worker
  }

  #dispatch(event: WorkerEvent): void {
    switch (event.type) {
      case 'tokens':
        for (const piece of event.pieces) this.#calls.get(piece.id)?.onPiece?.(piece)
        return
      case 'progress':
      case 'promptProgress':
        this.#calls.get(event.id)?.onEvent(event)
        return
      case 'error':
        if (event.id === null) this.#options.onLog(`The worker refused a line: ${event.message}`)
        else this.#take(event.id)?.onError(withHint(event.code, event.message, event.hint))
        return
      case 'loaded':
        // Also the answer to a load that a restart sent, which nobody waits for.
        this.#complete(event.id, event)
        return
      case 'unloaded':
        for (const [key, { model }] of this.#models) {
          if (event.models.includes(model)) this.#models.delete(key)
        }
        if (event.id !== null) this.#complete(event.id, event)
        return
      case 'done': {
        const call = this.#calls.get(event.id)
        if (call?.isLast?.(event) === false) call.onEvent(event)
        else this.#complete(event.id, event)
        return
      }
      case 'statusReport':
      case 'modelsReport':
      case 'embeddings':
      case 'tokenised':
      case 'detokenised':
      case 'downloaded':
      case 'verified':
      case 'removed':
      case 'cleaned':
      case 'described':
        this.#complete(event.id, event)
        return
      default:
        return
    }
  }

  #complete(id: number, event: WorkerEvent): void {
    const call = this.#take(id)
    if (call === undefined) return
    if (event.type === 'done' || event.type === 'loaded') this.#deathsInARow = 0
    call.onEvent(event)
  }

  /** Notes a model, so that a restart brings it back. */
  remember(load: RememberedLoad): void {
    this.#models.set(JSON.stringify([load.model, load.adapter]), load)
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    this.#hold()
    return call
  }

  #onExit(worker: WorkerProcess, error: EngineError): void {
    if (worker !== this.#worker || this.#disposed) return
    this.#deaths += 1
    this.#deathsInARow += 1
    this.#lastDeath = error
    this.#failAll(error)
    this.#options.onDeath(error)
  }

  #failAll(error: EngineError): void {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const call of calls) call.onError(error)
  }

  /** An idle engine does not keep the program from ending. */
  #hold(): void {
    if (this.#worker?.alive) this.#worker.hold(this.#calls.size > 0)
  }
}
