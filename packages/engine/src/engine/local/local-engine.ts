import { resolve } from 'node:path'
import { abortedError, onAbort, onDeadline } from '../abort.ts'
import { type Aliases, resolveAlias } from '../aliases.ts'
import { BaseEngine, emptyStatus } from '../base-engine.ts'
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
import type { Engine } from '../engine.ts'
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
import type { AnswerTo, EventOf, LoadedModel, ModelOnDisk, RequestMessage, RequestType } from '../protocol.ts'
import type {
  Chunk,
  CleanedModels,
  DownloadedModel,
  EmbedAnswer,
  EngineStatus,
  ModelDescription,
  RemovedModel,
  VerifiedModel,
} from '../results.ts'
import { toJsonSchemaTools } from '../tools.ts'
import { AnswerQueue } from './answer-queue.ts'
import { resolvePath } from './resolve-path.ts'
import type { Supervisor, WorkerRequest } from './supervisor.ts'
import { measureTimings, sumUsage } from './timings.ts'

/** The worker keeps deadlines itself. One that is this late hangs, for example on a disk that doesn't respond. */
const deadlineGraceMs = 100

/** The engine that runs models in a worker on this machine. */
export class LocalEngine extends BaseEngine implements Engine {
  readonly #project: Project
  readonly #aliases: Aliases
  readonly #supervisor: Supervisor
  readonly #ready: EventOf<'ready'>

  constructor(project: Project, aliases: Aliases, supervisor: Supervisor, ready: EventOf<'ready'>) {
    super()
    this.#project = project
    this.#aliases = aliases
    this.#supervisor = supervisor
    this.#ready = ready
  }

  async loadModel(options: LoadOptions = {}): Promise<LoadedModel> {
    const { model, revision, adapter, download, pinned, onProgress, signal } = checkLoad(options)
    const load = {
      type: 'load',
      ...this.#modelAndRevision({ model, revision }),
      adapter: resolvePath(adapter),
      pinned,
    } as const
    this.#supervisor.resetCrashCount()
    const event = await this.#ask({ ...load, download }, { signal, onProgress })
    this.#supervisor.repeatLoad(load)
    return event.model
  }

  async countTokens(options: CountOptions): Promise<number> {
    const { model, prompt = null, messages, tools, signal, ...rest } = checkCount(options)
    const request = {
      ...rest,
      type: 'tokenise',
      model: this.#modelName(model),
      prompt,
      messages: messages === undefined ? null : await toWorkerMessages(messages),
      tools: toJsonSchemaTools(tools),
      special: true,
      countOnly: true,
    } as const
    return (await this.#ask(request, { signal })).count
  }

  async tokenise(text: string, options: TokeniseOptions = {}): Promise<number[]> {
    const { model, signal } = checkTokenise(options, 'tokenise')
    const request = {
      type: 'tokenise',
      model: this.#modelName(model),
      prompt: text,
      special: false,
    } as const
    return (await this.#ask(request, { signal })).tokens
  }

  async detokenise(tokens: readonly number[], options: TokeniseOptions = {}): Promise<string> {
    const { model, signal } = checkTokenise(options, 'detokenise')
    const request = {
      type: 'detokenise' as const,
      model: this.#modelName(model),
      tokens: [...tokens],
    }
    return (await this.#ask(request, { signal })).text
  }

  async embed(options: EmbedOptions): Promise<EmbedAnswer> {
    const { model, inputs, signal } = checkEmbed(options)
    const name = this.#modelName(model)
    const { vectors, promptTokens } = await this.#ask({ type: 'embed', model: name, inputs }, { signal })
    return { vectors, usage: { promptTokens }, model: name }
  }

  async status(): Promise<EngineStatus> {
    const { device, python, mlx, mlxLm } = this.#ready
    const versions = { python, mlx, mlxLm }
    const { crashes } = this.#supervisor
    if (!this.#supervisor.alive) {
      return {
        worker: 'stopped',
        pid: undefined,
        device,
        versions,
        crashes,
        ...emptyStatus,
        lastStepAt: this.#supervisor.lastStepAt,
      }
    }
    const { pid } = this.#supervisor
    const { type: _, id: __, ...report } = await this.#ask({ type: 'status' })
    return { worker: 'ready', pid, device, versions, crashes, ...report }
  }

  async unloadModel(model?: string): Promise<string[]> {
    const name = model === undefined ? null : this.#modelName(model)
    return (await this.#ask({ type: 'unload', model: name })).models
  }

  async models(): Promise<ModelOnDisk[]> {
    return (await this.#ask({ type: 'models' })).models
  }

  async downloadModel(options: DownloadOptions = {}): Promise<DownloadedModel> {
    const { output, onProgress, signal, ...named } = checkDownload(options)
    const folder = output === undefined ? null : resolve(output)
    const request = { type: 'download', ...this.#modelAndRevision(named), output: folder } as const
    const { revision, ...model } = (await this.#ask(request, { signal, onProgress })).model
    return revision === null ? model : { ...model, revision }
  }

  async verifyModel(options: VerifyOptions = {}): Promise<VerifiedModel> {
    const { onProgress, signal, ...named } = checkVerify(options)
    const request = { type: 'verify', ...this.#modelAndRevision(named) } as const
    const { model, path, files } = await this.#ask(request, { signal, onProgress })
    return { model, path, files }
  }

  async removeModel(model: string): Promise<RemovedModel> {
    const request = { type: 'remove', model: this.#modelName(model) } as const
    const { path, freedBytes, model: name } = await this.#ask(request)
    return { model: name, path, freedBytes }
  }

  async cleanModels(options: CleanOptions = {}): Promise<CleanedModels> {
    const { removed, freedBytes } = await this.#ask({ type: 'clean', ...checkClean(options) })
    return { removed, freedBytes }
  }

  async describeModel(options: DescribeOptions = {}): Promise<ModelDescription> {
    const { signal, ...named } = checkDescribe(options)
    const request = { type: 'describe', ...this.#modelAndRevision(named) } as const
    const { licence, ...model } = (await this.#ask(request, { signal })).model
    return licence === null ? model : { ...model, licence }
  }

  async dispose(): Promise<void> {
    await this.#supervisor.dispose()
  }

  protected async *stream(options: GenerateOptions): AsyncGenerator<Chunk, void, undefined> {
    const { signal, onPromptProgress, ...checked } = checkGenerate(options)
    const started = performance.now()
    const model = this.#modelName(checked.model)
    const messages = checked.messages === undefined ? null : toWorkerMessages(checked.messages)
    const request = this.#generateRequest(
      checked,
      model,
      // A call without images is sent at once.
      messages instanceof Promise ? await messages : messages,
      onPromptProgress !== undefined,
    )
    const queue = new AnswerQueue(checked.n, onPromptProgress)
    if (signal?.aborted) throw abortedError(signal)
    this.#loadConfiguredRevision(model)
    const id = this.#supervisor.submit(request, queue)
    const stopListening = onAbort(signal, () => queue.onError(abortedError(signal)))
    const stopTimer = onDeadline(checked.deadlineMs, (error) => queue.onError(error), deadlineGraceMs)
    try {
      while (true) {
        const item = await queue.next()
        if ('error' in item) throw item.error
        if (item.ends === undefined) {
          yield item.chunk
          continue
        }
        const usage = sumUsage(item.ends)
        const timings = measureTimings(started, queue.firstTokenAt ?? started, usage, item.ends)
        yield { ...item.chunk, usage, timings, model }
        return
      }
    } finally {
      stopListening()
      stopTimer()
      this.#supervisor.cancel(id)
    }
  }

  #generateRequest(
    checked: Omit<CheckedGenerate, 'signal' | 'onPromptProgress'>,
    model: string,
    messages: RequestMessage[] | null,
    promptProgress: boolean,
  ): Extract<WorkerRequest, { type: 'generate' }> {
    const { prompt = null, tools, toolChoice, responseFormat, draftModel, ...rest } = checked
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
      adapter: resolvePath(rest.adapter),
      cacheFile: rest.cacheFile === undefined ? null : resolve(rest.cacheFile),
      draftModel: draftModel === undefined ? null : this.#modelName(draftModel),
      promptProgress,
    }
  }

  /** Loads the revision of mlx.config.json first: for a call alone, the worker would load the default branch. */
  #loadConfiguredRevision(model: string): void {
    const revision = this.#configuredRevision(model)
    if (revision === null || this.#supervisor.reloads(model)) return
    const ignore = { onAnswer: () => undefined, onError: () => undefined }
    this.#supervisor.submit({ type: 'load', model, revision, download: false }, ignore)
  }

  /** Sends a request that has one answer. */
  #ask<Type extends RequestType>(
    request: WorkerRequest & { type: Type },
    options: {
      signal?: AbortSignal | undefined
      onProgress?: ((progress: LoadProgress) => void) | undefined
    } = {},
  ): Promise<AnswerTo<Type>> {
    const { signal, onProgress } = options
    return new Promise<AnswerTo<Type>>((onResolve, onReject) => {
      if (signal?.aborted) throw abortedError(signal)
      const id = this.#supervisor.submit<Type>(request, {
        onLoadProgress: onProgress,
        onAnswer: (event) => {
          stopListening()
          onResolve(event)
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

  /** Returns the worker's name for a model. Paths are absolute, because the worker may run in another folder. */
  #modelName(model: string | undefined): string {
    const { root, config } = this.#project
    const named = model ?? config.model
    const name = resolveAlias(this.#aliases, named)
    // Paths of mlx.config.json start at its folder, and paths of a call at the working directory.
    return resolvePath(name, name === named && model !== undefined ? process.cwd() : root) ?? name
  }

  /** Returns the worker's name for a model, with the revision to use. */
  #modelAndRevision(named: { model?: string | undefined; revision?: string | undefined }) {
    const model = this.#modelName(named.model)
    return { model, revision: named.revision ?? this.#configuredRevision(model) }
  }

  #configuredRevision(model: string): string | null {
    const { config } = this.#project
    return model === resolvePath(config.model, this.#project.root) ? (config.revision ?? null) : null
  }
}
