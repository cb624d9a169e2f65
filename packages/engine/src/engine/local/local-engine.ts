import { isAbsolute, resolve } from 'node:path'
import type * as z from 'zod'
import { abortedError, onAbort, onDeadline } from '../abort.ts'
import { type Aliases, resolveAlias } from '../aliases.ts'
import {
  type CheckedGenerate,
  checkClean,
  checkCount,
  checkDescribe,
  checkDownload,
  checkEmbed,
  checkGenerate,
  checkLoad,
  checkTokenise,
  checkVerify,
} from '../check-options.ts'
import { collect, objectOptions, parseObject } from '../collect.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../errors.ts'
import { toWorkerMessages } from '../messages.ts'
import type {
  CleanOptions,
  CountOptions,
  DescribeOptions,
  DownloadOptions,
  EmbedOptions,
  GenerateOptions,
  LoadOptions,
  LoadProgress,
  TokeniseOptions,
  VerifyOptions,
} from '../options.ts'
import type { Project } from '../project/index.ts'
import type { EventOf, LoadedModel, ModelOnDisk, RequestMessage, WorkerEvent } from '../protocol.ts'
import type {
  Answer,
  Chunk,
  CleanedModels,
  DownloadedModel,
  EmbedAnswer,
  EngineStatus,
  ModelDescription,
  ObjectAnswer,
  RemovedModel,
  VerifiedModel,
} from '../results.ts'
import { toJsonSchemaTools } from '../tools.ts'
import { AnswerQueue } from './answer-queue.ts'
import type { Question, Supervisor } from './supervisor.ts'
import { measure, usageOf } from './timings.ts'

type Answered =
  | 'loaded'
  | 'unloaded'
  | 'statusReport'
  | 'modelsReport'
  | 'embeddings'
  | 'tokenised'
  | 'detokenised'
  | 'downloaded'
  | 'verified'
  | 'removed'
  | 'cleaned'
  | 'described'

/** The worker keeps deadlines itself. One that is this late hangs, for example on a disk that doesn't respond. */
const deadlineGraceMs = 100

/** The engine that runs models in a worker on this machine. */
export class LocalEngine implements Engine {
  readonly #project: Project
  readonly #aliases: Aliases
  readonly #supervisor: Supervisor
  readonly #ready: EventOf<'ready'>

  constructor(project: Project, aliases: Aliases, supervisor: Supervisor, ready: EventOf<'ready'>) {
    this.#project = project
    this.#aliases = aliases
    this.#supervisor = supervisor
    this.#ready = ready
  }

  async loadModel(options: LoadOptions = {}): Promise<LoadedModel> {
    const { model, revision, adapter, download, pinned, onProgress, signal } = checkLoad(options)
    const load = {
      type: 'load',
      ...this.#modelOf({ model, revision }),
      adapter: pathOf(adapter),
      pinned,
    } as const
    this.#supervisor.forgive()
    const event = await this.#ask({ ...load, download }, 'loaded', { signal, onProgress })
    this.#supervisor.remember(load)
    return event.model
  }

  generate(options: GenerateOptions): AsyncIterable<Chunk> {
    return { [Symbol.asyncIterator]: () => this.#stream(options) }
  }

  complete(options: GenerateOptions): Promise<Answer> {
    return collect(this.generate(options))
  }

  async generateObject<Schema extends z.ZodType>(
    options: Omit<GenerateOptions, 'responseFormat'> & { schema: Schema },
  ): Promise<ObjectAnswer<z.output<Schema>>> {
    return parseObject(await this.complete(objectOptions(options)), options.schema)
  }

  async countTokens(options: CountOptions): Promise<number> {
    const { model, prompt = null, messages, tools, templateOptions, signal } = checkCount(options)
    const question = {
      type: 'tokenise',
      model: this.#modelName(model),
      prompt,
      messages: messages === undefined ? null : await toWorkerMessages(messages),
      tools: toJsonSchemaTools(tools),
      templateOptions,
      special: true,
      countOnly: true,
    } as const
    return (await this.#ask(question, 'tokenised', { signal })).count
  }

  async tokenise(text: string, options: TokeniseOptions = {}): Promise<number[]> {
    const { model, signal } = checkTokenise(options, 'tokenise')
    const question = {
      type: 'tokenise',
      model: this.#modelName(model),
      prompt: text,
      special: false,
    } as const
    return (await this.#ask(question, 'tokenised', { signal })).tokens
  }

  async detokenise(tokens: readonly number[], options: TokeniseOptions = {}): Promise<string> {
    const { model, signal } = checkTokenise(options, 'detokenise')
    const question = {
      type: 'detokenise' as const,
      model: this.#modelName(model),
      tokens: [...tokens],
    }
    return (await this.#ask(question, 'detokenised', { signal })).text
  }

  async embed(options: EmbedOptions): Promise<EmbedAnswer> {
    const { model, inputs, signal } = checkEmbed(options)
    const name = this.#modelName(model)
    const { vectors, promptTokens } = await this.#ask({ type: 'embed', model: name, inputs }, 'embeddings', {
      signal,
    })
    return { vectors, usage: { promptTokens }, model: name }
  }

  async status(): Promise<EngineStatus> {
    const { device, python, mlx, mlxLm } = this.#ready
    const versions = { python, mlx, mlxLm }
    const { deaths } = this.#supervisor
    if (!this.#supervisor.alive) {
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

  async downloadModel(options: DownloadOptions = {}): Promise<DownloadedModel> {
    const { output, onProgress, signal, ...asked } = checkDownload(options)
    const folder = output === undefined ? null : resolve(output)
    const question = { type: 'download', ...this.#modelOf(asked), output: folder } as const
    const { revision, ...model } = (await this.#ask(question, 'downloaded', { signal, onProgress })).model
    return revision === null ? model : { ...model, revision }
  }

  async verifyModel(options: VerifyOptions = {}): Promise<VerifiedModel> {
    const { onProgress, signal, ...asked } = checkVerify(options)
    const question = { type: 'verify', ...this.#modelOf(asked) } as const
    const { model, path, files } = await this.#ask(question, 'verified', { signal, onProgress })
    return { model, path, files }
  }

  async removeModel(model: string): Promise<RemovedModel> {
    const question = { type: 'remove', model: this.#modelName(model) } as const
    const { path, freedBytes, model: name } = await this.#ask(question, 'removed')
    return { model: name, path, freedBytes }
  }

  async cleanModels(options: CleanOptions = {}): Promise<CleanedModels> {
    const { removed, freedBytes } = await this.#ask({ type: 'clean', ...checkClean(options) }, 'cleaned')
    return { removed, freedBytes }
  }

  async describeModel(options: DescribeOptions = {}): Promise<ModelDescription> {
    const { signal, ...asked } = checkDescribe(options)
    const question = { type: 'describe', ...this.#modelOf(asked) } as const
    const { licence, ...model } = (await this.#ask(question, 'described', { signal })).model
    return licence === null ? model : { ...model, licence }
  }

  async dispose(): Promise<void> {
    await this.#supervisor.dispose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  async *#stream(options: GenerateOptions): AsyncGenerator<Chunk, void, undefined> {
    const { signal, onPromptProgress, ...request } = checkGenerate(options)
    const started = performance.now()
    const model = this.#modelName(request.model)
    const messages = request.messages === undefined ? null : toWorkerMessages(request.messages)
    const question = this.#question(
      request,
      model,
      // A call without images is sent at once.
      messages instanceof Promise ? await messages : messages,
      onPromptProgress !== undefined,
    )
    const queue = new AnswerQueue(request.n, onPromptProgress)
    if (signal?.aborted) throw abortedError(signal)
    this.#bring(model)
    const id = this.#supervisor.submit(question, queue)
    const stopListening = onAbort(signal, () => queue.onError(abortedError(signal)))
    const stopWaiting = onDeadline(request.deadlineMs, (error) => queue.onError(error), deadlineGraceMs)
    try {
      while (true) {
        const item = await queue.next()
        if ('error' in item) throw item.error
        if (item.ends === undefined) {
          yield item.chunk
          continue
        }
        const usage = usageOf(item.ends)
        const timings = measure(started, queue.firstTokenAt ?? started, usage, item.ends)
        yield { ...item.chunk, usage, timings, model }
        return
      }
    } finally {
      stopListening()
      stopWaiting()
      this.#supervisor.cancel(id)
    }
  }

  #question(
    request: CheckedGenerate,
    model: string,
    messages: RequestMessage[] | null,
    promptProgress: boolean,
  ): Question {
    const { prompt = null, tools, toolChoice, responseFormat, draftModel, ...rest } = request
    const choice =
      typeof toolChoice === 'string'
        ? { toolChoice, toolName: null }
        : { toolChoice: 'required' as const, toolName: toolChoice.name }
    return {
      type: 'generate',
      ...rest,
      ...choice,
      model,
      prompt,
      messages,
      tools: toJsonSchemaTools(tools),
      responseFormat: responseFormat.type === 'text' ? null : responseFormat,
      adapter: pathOf(rest.adapter),
      cacheFile: rest.cacheFile === undefined ? null : resolve(rest.cacheFile),
      draftModel: draftModel === undefined ? null : this.#modelName(draftModel),
      promptProgress,
    }
  }

  /** The worker would take the default branch of a model that it has to load for a call. */
  #bring(model: string): void {
    const revision = this.#revisionOf(model)
    if (revision === null || this.#supervisor.knows(model)) return
    this.#supervisor.submit({ type: 'load', model, revision, download: false }, ignored)
  }

  /** Sends a request that has one event as its answer. */
  #ask<Type extends Answered>(
    question: Question,
    type: Type,
    options: {
      signal?: AbortSignal | undefined
      onProgress?: ((progress: LoadProgress) => void) | undefined
    } = {},
  ): Promise<EventOf<Type>> {
    const { signal, onProgress } = options
    return new Promise<EventOf<Type>>((onResolve, onReject) => {
      if (signal?.aborted) throw abortedError(signal)
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
        onReject(abortedError(signal))
      })
    })
  }

  /** The name that the worker knows a model by: paths are absolute, since the worker may run elsewhere. */
  #modelName(model: string | undefined): string {
    const { root, config } = this.#project
    const asked = model ?? config.model
    const name = resolveAlias(this.#aliases, asked)
    // A path of the project's file is one from its folder, a path of a call one from the working directory.
    return pathOf(name, name === asked && model !== undefined ? process.cwd() : root) ?? name
  }

  /** A model with its revision, as the worker is asked for it. */
  #modelOf(asked: { model?: string | undefined; revision?: string | undefined }) {
    const model = this.#modelName(asked.model)
    return { model, revision: asked.revision ?? this.#revisionOf(model) }
  }

  #revisionOf(model: string): string | null {
    const { config } = this.#project
    return model === pathOf(config.model, this.#project.root) ? (config.revision ?? null) : null
  }
}

const nothing = {
  models: [],
  active: 0,
  queued: 0,
  memoryBytes: 0,
  cacheBytes: 0,
  peakMemoryBytes: 0,
  memoryLimitBytes: 0,
  promptCacheBytes: 0,
  steps: 0,
}

const ignored = { onEvent: () => undefined, onError: () => undefined }

/** A path that starts with a dot made absolute; anything else as it is; null for nothing. */
function pathOf(name: string | undefined, from: string = process.cwd()): string | null {
  if (name === undefined) return null
  return isAbsolute(name) || !/^\.\.?([/\\]|$)/.test(name) ? name : resolve(from, name)
}

function isEvent<Type extends WorkerEvent['type']>(event: WorkerEvent, type: Type): event is EventOf<Type> {
  return event.type === type
}
