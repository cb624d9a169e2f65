import { isAbsolute, resolve } from 'node:path'
import { TextQueue } from './call.ts'
import { EngineError } from './errors.ts'
import {
  type CheckedGenerate,
  checkEngine,
  checkGenerate,
  checkLoad,
  type EngineOptions,
  type GenerateOptions,
  type LoadOptions,
  type LoadProgress,
} from './options.ts'
import { findInterpreter, findProject, type Interpreter, type Project } from './project.ts'
import type { EventOf, LoadedModel, ModelOnDisk, WorkerEvent } from './protocol.ts'
import type { Answer, Chunk, EngineStatus, Timings } from './results.ts'
import { type Question, Supervisor } from './supervisor.ts'
import { workerLaunch } from './worker-launch.ts'

/** Language models on MLX: any number of calls at once, decoded together in one worker process. */
export interface Engine extends AsyncDisposable {
  /**
   * Brings a model into memory, downloading it if it is not on disk; a download that broke off goes on.
   *
   * @throws EngineError MODEL_NOT_FOUND, MODEL_GATED, MODEL_CORRUPT, UNSUPPORTED, DOWNLOAD_FAILED, OUT_OF_MEMORY,
   * ABORTED.
   */
  loadModel(options?: LoadOptions): Promise<LoadedModel>

  /**
   * Streams an answer. The call starts when the result is iterated; leaving the loop cancels it, and so does
   * `signal`, both within a step of the model.
   *
   * @throws EngineError, once, from the iteration: INVALID_REQUEST, MODEL_NOT_FOUND, CONTEXT_LENGTH_EXCEEDED,
   * ABORTED, WORKER_EXITED, ...
   * @example
   * for await (const chunk of engine.generate({ prompt: 'Hello!' })) process.stdout.write(chunk.text)
   */
  generate(options: GenerateOptions): AsyncIterable<Chunk>

  /** The whole answer of `generate`. */
  complete(options: GenerateOptions): Promise<Answer>

  /** What is loaded and under way, and the memory that it takes. Never starts a worker. */
  status(): Promise<EngineStatus>

  /** Frees one model, or all; calls that use it fail with ABORTED. Gives the names of those that were loaded. */
  unloadModel(model?: string): Promise<string[]>

  /** The models that can be loaded without a download. */
  models(): Promise<ModelOnDisk[]>

  /** Ends the worker; calls in flight fail with DISPOSED. Waits until the process is gone. */
  dispose(): Promise<void>
}

/**
 * Starts the worker of the project that this file belongs to.
 *
 * @throws EngineError SETUP_NEEDED, PYTHON_NOT_FOUND, PYTHON_TOO_OLD, MLX_NOT_WORKING, PROTOCOL_MISMATCH, WORKER_EXITED.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const checked = checkEngine(options)
  const project = findProject(checked.project)
  const interpreter: Interpreter =
    checked.python === undefined
      ? findInterpreter(project)
      : { python: checked.python, source: 'createEngine' }
  const supervisor = new Supervisor({
    ...workerLaunch(project, interpreter, checked.device ?? project.config.device),
    onLog: checked.onLog ?? (() => undefined),
  })
  return new LocalEngine(project, supervisor, await supervisor.start())
}

class LocalEngine implements Engine {
  readonly #project: Project
  readonly #supervisor: Supervisor
  readonly #ready: EventOf<'ready'>

  constructor(project: Project, supervisor: Supervisor, ready: EventOf<'ready'>) {
    this.#project = project
    this.#supervisor = supervisor
    this.#ready = ready
  }

  async loadModel(options: LoadOptions = {}): Promise<LoadedModel> {
    const { model, revision, download, onProgress, signal } = checkLoad(options)
    const name = this.#modelName(model)
    const pinned = revision ?? this.#revisionOf(name)
    this.#supervisor.forgive()
    const question = { type: 'load', model: name, revision: pinned, download } as const
    const event = await this.#ask(question, 'loaded', { signal, onProgress })
    this.#supervisor.remember(name, pinned)
    return event.model
  }

  generate(options: GenerateOptions): AsyncIterable<Chunk> {
    return { [Symbol.asyncIterator]: () => this.#stream(options) }
  }

  async complete(options: GenerateOptions): Promise<Answer> {
    let text = ''
    for await (const chunk of this.generate(options)) {
      text += chunk.text
      const { finishReason, usage, timings, model } = chunk
      if (finishReason !== undefined && usage && timings && model !== undefined) {
        return { text, finishReason, usage, timings, model }
      }
    }
    throw new EngineError('INTERNAL', 'The stream ended without its last chunk.')
  }

  async status(): Promise<EngineStatus> {
    const { device, python, mlx, mlxLm } = this.#ready
    const versions = { python, mlx, mlxLm }
    const { deaths } = this.#supervisor
    if (!this.#supervisor.alive) {
      const nothing = {
        models: [],
        active: 0,
        queued: 0,
        memoryBytes: 0,
        cacheBytes: 0,
        peakMemoryBytes: 0,
        steps: 0,
      }
      return { worker: 'stopped', pid: undefined, device, versions, deaths, ...nothing }
    }
    const { pid } = this.#supervisor
    const { type: _, id: __, ...report } = await this.#ask({ type: 'status' }, 'statusReport')
    return { worker: 'ready', pid, device, versions, deaths, ...report }
  }

  async unloadModel(model?: string): Promise<string[]> {
    const name = model === undefined ? null : this.#modelName(model)
    return (await this.#ask({ type: 'unload', model: name }, 'unloaded')).models
  }

  async models(): Promise<ModelOnDisk[]> {
    return (await this.#ask({ type: 'models' }, 'modelsReport')).models
  }

  async dispose(): Promise<void> {
    await this.#supervisor.dispose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  async *#stream(options: GenerateOptions): AsyncGenerator<Chunk, void, undefined> {
    const { signal, ...request } = checkGenerate(options)
    const started = performance.now()
    const model = this.#modelName(request.model)
    const queue = new TextQueue()
    const id = this.#start(request, model, queue, signal)
    const stopListening = onAbort(signal, () => queue.onError(aborted(signal)))
    try {
      while (true) {
        const item = await queue.next()
        if ('error' in item) throw item.error
        if ('text' in item) {
          yield { text: item.text }
          continue
        }
        const { text, finishReason, usage, timings } = item.done
        const measured = measure(started, queue.firstTokenAt ?? started, usage, timings)
        yield { text, finishReason, usage, timings: measured, model }
        return
      }
    } finally {
      stopListening()
      this.#supervisor.cancel(id)
    }
  }

  #start(request: CheckedGenerate, model: string, queue: TextQueue, signal: AbortSignal | undefined): number {
    if (signal?.aborted) throw aborted(signal)
    const revision = this.#revisionOf(model)
    if (revision !== null && !this.#supervisor.knows(model)) {
      // The worker would take the default branch of a model that it has to load for this call.
      this.#supervisor.submit({ type: 'load', model, revision, download: false }, ignored)
    }
    const { prompt = null, messages = null, ...sampling } = request
    return this.#supervisor.submit({ type: 'generate', ...sampling, model, prompt, messages }, queue)
  }

  /** Sends a request that has one event as its answer. */
  #ask<Type extends 'loaded' | 'unloaded' | 'statusReport' | 'modelsReport'>(
    question: Question,
    type: Type,
    options: {
      signal?: AbortSignal | undefined
      onProgress?: ((progress: LoadProgress) => void) | undefined
    } = {},
  ): Promise<EventOf<Type>> {
    const { signal, onProgress } = options
    return new Promise<EventOf<Type>>((onResolve, onReject) => {
      if (signal?.aborted) throw aborted(signal)
      const id = this.#supervisor.submit(question, {
        onEvent: (event) => {
          if (event.type === 'progress') {
            const { stage, loadedBytes, totalBytes } = event
            onProgress?.({ stage, loadedBytes, totalBytes })
            return
          }
          stopListening()
          if (isEvent(event, type)) onResolve(event)
          else onReject(new EngineError('INTERNAL', `The worker answered ${type} with ${event.type}.`))
        },
        onError: (error) => {
          stopListening()
          onReject(error)
        },
      })
      const stopListening = onAbort(signal, () => {
        this.#supervisor.cancel(id)
        onReject(aborted(signal))
      })
    })
  }

  /** The name that the worker knows a model by: paths are absolute, since the worker may run elsewhere. */
  #modelName(model: string | undefined): string {
    const { root, config } = this.#project
    const name = model ?? config.model
    if (isAbsolute(name) || !/^\.\.?([/\\]|$)/.test(name)) return name
    return resolve(model === undefined ? root : process.cwd(), name)
  }

  #revisionOf(model: string): string | null {
    const { config } = this.#project
    return model === this.#modelName(undefined) ? (config.revision ?? null) : null
  }
}

const ignored = { onEvent: () => undefined, onError: () => undefined }

function isEvent<Type extends WorkerEvent['type']>(event: WorkerEvent, type: Type): event is EventOf<Type> {
  return event.type === type
}

function aborted(signal: AbortSignal | undefined): EngineError {
  return new EngineError('ABORTED', 'The call was aborted.', { cause: signal?.reason })
}

/** Listens for an abort; the result stops it, so that a long-lived signal gathers no listeners. */
function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener, { once: true })
  return () => signal?.removeEventListener('abort', listener)
}

function measure(
  started: number,
  firstTokenAt: number,
  usage: EventOf<'done'>['usage'],
  worker: EventOf<'done'>['timings'],
): Timings {
  return {
    ttftMs: firstTokenAt - started,
    totalMs: performance.now() - started,
    queueMs: worker.queueMs,
    tokensPerSecond: rate(usage.completionTokens - 1, worker.generationMs),
    promptTokensPerSecond: rate(usage.promptTokens, worker.promptMs),
  }
}

function rate(tokens: number, milliseconds: number): number {
  return milliseconds > 0 ? (tokens * 1000) / milliseconds : 0
}
