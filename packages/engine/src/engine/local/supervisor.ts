import { abortedError, onAbort } from '../abort.ts'
import { disposedError, EngineError } from '../errors.ts'
import { scriptCommand } from '../project/index.ts'
import { type AnswerEvent, type EventOf, isAnswerTo, type Request, type RequestType } from '../protocol.ts'
import type { Call, CallListener } from './answer-queue.ts'
import { withHint } from './hints.ts'
import { StallDetector } from './stall-detector.ts'
import { type CallEvent, WorkerProcess } from './worker-process.ts'

/** Crashes without a completed call between them after which the worker is no longer restarted. */
const maxCrashesInARow = 3

export interface SupervisorOptions {
  command: string
  arguments: readonly string[]
  environment: NodeJS.ProcessEnv
  /** How long the worker may have work without a step, in milliseconds. */
  stallTimeoutMs: number
  onLog: (line: string) => void
  /** Called after each crash, once the calls in progress have failed. */
  onCrash: (error: EngineError) => void
  /** Called when the worker stalls, before it is replaced, and when it goes on. */
  onStall: (stalled: boolean) => void
}

type WithoutId<Type> = Type extends { id: number } ? Omit<Type, 'id'> : never
/** A request that gets an answer, before the supervisor gives it an id. */
export type WorkerRequest = WithoutId<Extract<Request, { type: RequestType }>>

type LoadRequest = Extract<WorkerRequest, { type: 'load' }>

/** A call that waits for an answer. */
interface PendingCall {
  listener: CallListener
  onAnswer: (event: AnswerEvent) => void
  answersLeft: number
}

/**
 * Keeps one worker running for all calls. A crash fails the calls in progress. The next call then starts a new worker,
 * which loads the same models again.
 */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #calls = new Map<number, PendingCall>()
  /** The loads that a new worker repeats, by model and adapter. */
  readonly #loads = new Map<string, LoadRequest>()
  #worker: WorkerProcess | undefined
  #nextId = 1
  #crashes = 0
  #crashesInARow = 0
  #lastCrash: EngineError | undefined
  #disposed = false
  #lastStepAt: number | null = null
  readonly #stalls: StallDetector

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#stalls = new StallDetector({
      stallTimeoutMs: options.stallTimeoutMs,
      onStall: options.onStall,
      onTimeout: () => this.#worker?.killStalled(options.stallTimeoutMs),
    })
  }

  /** Starts the worker and waits for its first event. An abort ends the worker. */
  async start(signal?: AbortSignal): Promise<EventOf<'ready'>> {
    if (signal?.aborted) throw abortedError(signal)
    const worker = this.#ensureWorker()
    const stopListening = onAbort(signal, () => void worker.stop())
    try {
      return await worker.ready
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : error
    } finally {
      stopListening()
      this.#updateRef()
    }
  }

  /** Crashes of the worker so far. */
  get crashes(): number {
    return this.#crashes
  }

  /** Unix time of the last step in milliseconds, as the last heartbeat said. */
  get lastStepAt(): number | null {
    return this.#lastStepAt
  }

  get pid(): number | undefined {
    return this.#worker?.pid
  }

  get alive(): boolean {
    return this.#worker?.alive ?? false
  }

  /** Whether a new worker loads this model by itself. */
  reloads(model: string): boolean {
    return [...this.#loads.values()].some((load) => load.model === model)
  }

  /**
   * Sends a request, starting the worker if necessary. Returns the id to cancel the call by.
   *
   * @throws EngineError DISPOSED, or the last crash once the worker is no longer restarted.
   */
  submit<Type extends RequestType>(request: WorkerRequest & { type: Type }, call: Call<Type>): number {
    const worker = this.#ensureWorker()
    const id = this.#nextId++
    this.#calls.set(id, {
      listener: call,
      onAnswer: (event) => {
        if (isAnswerTo(request.type, event)) return call.onAnswer(event)
        // Other answers of the same call may follow.
        this.cancel(id)
        call.onError(unexpectedAnswer(request.type, event))
      },
      answersLeft: call.answerCount ?? 1,
    })
    this.#updateRef()
    worker.send({ ...request, id })
    return id
  }

  /** Ends a call, which then receives nothing more. */
  cancel(id: number): void {
    if (!this.#calls.delete(id)) return
    this.#worker?.send({ type: 'cancel', id })
    this.#updateRef()
  }

  /** Allows a worker that crashed too often to be started again. */
  resetCrashCount(): void {
    this.#crashesInARow = 0
  }

  /** Makes every new worker repeat this load. */
  repeatLoad(load: LoadRequest): void {
    this.#loads.set(JSON.stringify([load.model, load.adapter]), load)
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    this.#failAll(disposedError())
    await this.#worker?.stop()
  }

  #ensureWorker(): WorkerProcess {
    if (this.#disposed) throw disposedError()
    if (this.#worker?.alive) return this.#worker
    if (this.#crashesInARow >= maxCrashesInARow && this.#lastCrash !== undefined) {
      const { code, message } = this.#lastCrash
      throw new EngineError(
        code,
        `The worker crashed ${maxCrashesInARow} times in a row and is not restarted. ${message}`,
        { hint: `Call loadModel to start it again. To find the cause, run: ${scriptCommand('doctor')}` },
      )
    }
    const worker = new WorkerProcess({
      ...this.#options,
      onEvent: (event) => this.#dispatch(event),
      onExit: (error) => this.#onExit(worker, error),
    })
    this.#worker = worker
    // A worker that starts has a limit of its own.
    worker.ready.then(
      () => this.#updateRef(),
      () => undefined,
    )
    for (const load of this.#loads.values()) {
      worker.send({ ...load, id: this.#nextId++, download: false })
    }
    return worker
  }

  /** Passes an event on to its call. There may be none: the call was cancelled, or a new worker repeated a load. */
  #dispatch(event: CallEvent): void {
    this.#stalls.onEvent(event.type === 'heartbeat' ? event.stalledMs : 0)
    switch (event.type) {
      case 'tokens':
        for (const piece of event.pieces) this.#calls.get(piece.id)?.listener.onPiece?.(piece)
        return
      case 'heartbeat':
        this.#lastStepAt = event.lastStepAt
        return
      case 'progress': {
        const { id, stage, loadedBytes, totalBytes } = event
        this.#calls.get(id)?.listener.onLoadProgress?.({ stage, loadedBytes, totalBytes })
        return
      }
      case 'promptProgress': {
        const { id, processedTokens, totalTokens } = event
        this.#calls.get(id)?.listener.onPromptProgress?.({ processedTokens, totalTokens })
        return
      }
      case 'error':
        if (event.id === null) this.#options.onLog(`The worker refused a line: ${event.message}`)
        else this.#remove(event.id)?.listener.onError(withHint(event.code, event.message, event.hint))
        return
      case 'unloaded':
        for (const [key, { model }] of this.#loads) {
          if (event.models.includes(model)) this.#loads.delete(key)
        }
        if (event.id !== null) this.#answer(event.id, event)
        return
      default:
        // Only answers are left: an event that is none, and has no case above, does not compile.
        this.#answer(event.id, event)
    }
  }

  #answer(id: number, event: AnswerEvent): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    call.answersLeft -= 1
    if (call.answersLeft === 0) {
      this.#remove(id)
      if (event.type === 'done' || event.type === 'loaded') this.resetCrashCount()
    }
    call.onAnswer(event)
  }

  #remove(id: number): PendingCall | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    this.#updateRef()
    return call
  }

  #onExit(worker: WorkerProcess, error: EngineError): void {
    if (worker !== this.#worker || this.#disposed) return
    this.#crashes += 1
    this.#crashesInARow += 1
    this.#lastCrash = error
    this.#failAll(error)
    this.#options.onCrash(error)
  }

  #failAll(error: EngineError): void {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    this.#stalls.watch(false)
    for (const { listener } of calls) listener.onError(error)
  }

  /** Lets the program end while the engine is idle. */
  #updateRef(): void {
    const waiting = this.#calls.size > 0
    this.#stalls.watch(waiting && this.#worker?.isReady === true)
    if (this.#worker?.alive) this.#worker.setRef(waiting)
  }
}

function unexpectedAnswer(request: RequestType, event: AnswerEvent): EngineError {
  return new EngineError('INTERNAL', `The worker answered ${request} with ${event.type}.`)
}
