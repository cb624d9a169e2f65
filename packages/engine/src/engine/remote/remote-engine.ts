import { resolveAlias } from '../aliases.ts'
import { BaseEngine, emptyStatus } from '../base-engine.ts'
import { type CheckedGenerate, checkEmbed, checkGenerate, checkLoad } from '../check-options.ts'
import type { Engine } from '../engine.ts'
import { EngineError } from '../errors.ts'
import type { EmbedOptions, GenerateOptions, LoadOptions } from '../options.ts'
import type {
  Chunk,
  CleanedModels,
  DownloadedModel,
  EmbedAnswer,
  EngineStatus,
  LoadedModel,
  ModelDescription,
  ModelOnDisk,
  RemovedModel,
  VerifiedModel,
} from '../results.ts'
import { readAnswer } from './answer.ts'
import { type CallDefaults, toReport, withDefaults } from './call-defaults.ts'
import { Client } from './client.ts'
import type { Remote } from './options.ts'
import { toRemoteRequest } from './request.ts'
import { embeddingsSchema, modelListSchema } from './response-schemas.ts'
import type { Capability } from './servers.ts'
import { refuseUnsupported, refuseUnsupportedLoad, unsupported } from './unsupported.ts'

/** The engine whose models run on an OpenAI-compatible server. It keeps no connection open between calls. */
export class RemoteEngine extends BaseEngine implements Engine {
  readonly #remote: Remote
  readonly #client: Client

  constructor(remote: Remote) {
    super()
    this.#remote = remote
    this.#client = new Client(remote)
  }

  /** Checks that the server has the model. The server decides when to load it. */
  async loadModel(options: LoadOptions = {}): Promise<LoadedModel> {
    const { signal, ...load } = checkLoad(options)
    const { server } = this.#remote
    refuseUnsupportedLoad(server, load)
    const name = this.#modelName(load.model)
    const list = await this.#list(signal)
    const found = list.find(({ id }) => id === name)
    if (found === undefined && name !== server.defaultModel) throw this.#modelNotFound(name, list)
    return {
      model: name,
      adapter: null,
      path: this.#remote.baseUrl,
      memoryBytes: 0,
      contextTokens: found?.max_model_len ?? null,
      capabilities: server.capabilities.includes('tools') ? ['tools'] : [],
      pinned: false,
      defaults: toReport(this.#defaultsOf(name)),
      active: this.#client.active,
    }
  }

  countTokens(): Promise<number> {
    return this.#refuse('countTokens', 'tokens')
  }

  tokenise(): Promise<number[]> {
    return this.#refuse('tokenise', 'tokens')
  }

  detokenise(): Promise<string> {
    return this.#refuse('detokenise', 'tokens')
  }

  async embed(options: EmbedOptions): Promise<EmbedAnswer> {
    const { model, inputs, signal } = checkEmbed(options)
    if (!this.#remote.server.capabilities.includes('embed')) return this.#refuse('embed', 'embed')
    const name = this.#modelName(model)
    const body = { model: name, input: inputs, encoding_format: 'float' }
    const answer = await this.#client.json('/embeddings', embeddingsSchema, { body, signal })
    const sorted = answer.data.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0))
    if (sorted.length !== inputs.length) {
      throw new EngineError(
        'REMOTE_FAILED',
        `The server returned ${sorted.length} vectors for ${inputs.length} texts.`,
      )
    }
    return {
      vectors: sorted.map(({ embedding }) => normalise(embedding)),
      usage: { promptTokens: answer.usage?.prompt_tokens ?? 0 },
      model: answer.model ?? name,
    }
  }

  /** Returns the calls of this engine, without asking the server. */
  async status(): Promise<EngineStatus> {
    return {
      worker: 'remote',
      pid: undefined,
      device: undefined,
      versions: undefined,
      crashes: 0,
      ...emptyStatus,
      active: this.#client.active,
    }
  }

  unloadModel(): Promise<string[]> {
    return this.#refuse('unloadModel', 'unload')
  }

  async models(): Promise<ModelOnDisk[]> {
    const { baseUrl: path } = this.#remote
    return (await this.#list(undefined)).map(({ id }) => ({ model: id, path, bytes: 0, place: 'server' }))
  }

  downloadModel(): Promise<DownloadedModel> {
    return this.#refuse('downloadModel', 'modelFiles')
  }

  verifyModel(): Promise<VerifiedModel> {
    return this.#refuse('verifyModel', 'modelFiles')
  }

  removeModel(): Promise<RemovedModel> {
    return this.#refuse('removeModel', 'modelFiles')
  }

  cleanModels(): Promise<CleanedModels> {
    return this.#refuse('cleanModels', 'modelFiles')
  }

  describeModel(): Promise<ModelDescription> {
    return this.#refuse('describeModel', 'modelFiles')
  }

  async dispose(): Promise<void> {
    this.#client.dispose()
  }

  protected async *stream(options: GenerateOptions): AsyncGenerator<Chunk, void, undefined> {
    const { server } = this.#remote
    const asked = checkGenerate(options)
    const model = this.#modelName(asked.model)
    const request = withDefaults(asked, this.#defaultsOf(model))
    refuseUnsupported(server, request)
    const { path, body } = await toRemoteRequest(server, model, request)
    const { n: sequences, onPromptProgress, signal, deadlineMs } = request
    const items = this.#client.stream(path, body, { signal, deadlineMs })
    const stop = server.stopsOnText ? [] : request.stop
    try {
      yield* readAnswer(this.#client, items, { model, sequences, stop, onPromptProgress })
    } catch (error) {
      throw await this.#explain(error, model, request)
    }
  }

  /** Corrects the error of mlx_lm.server, which answers 404 if anything fails at the start of a call. */
  async #explain(error: unknown, model: string, { signal }: CheckedGenerate): Promise<unknown> {
    const { server } = this.#remote
    if (!EngineError.isInstance(error) || error.code !== 'MODEL_NOT_FOUND' || !server.anyFailureIs404) {
      return error
    }
    const known =
      model === server.defaultModel ||
      (await this.#list(signal).then(
        (list) => list.some(({ id }) => id === model),
        // Without the list, the first error stays.
        () => false,
      ))
    return known ? new EngineError('INVALID_REQUEST', error.message, { cause: error }) : error
  }

  async #list(signal: AbortSignal | undefined) {
    return (await this.#client.json('/models', modelListSchema, { signal })).data
  }

  #defaultsOf(model: string): CallDefaults {
    const { all, models } = this.#remote.settings
    const layers = [all, models[model]]
    return {
      sampling: Object.assign({}, ...layers.map((layer) => layer?.sampling)),
      templateOptions: Object.assign({}, ...layers.map((layer) => layer?.templateOptions)),
    }
  }

  #modelName(model: string | undefined): string {
    const { server, aliases } = this.#remote
    const name = model ?? this.#remote.model ?? server.defaultModel
    if (name === undefined) {
      throw new EngineError(
        'INVALID_REQUEST',
        `The call names no model, and ${server.title} has no default.`,
        {
          hint: 'Name one in the call, or for all calls with createEngine({ baseUrl, model }).',
        },
      )
    }
    return resolveAlias(aliases, name)
  }

  #modelNotFound(name: string, list: readonly { id: string }[]): EngineError {
    const names = list.map(({ id }) => id)
    const shown = names.length > 10 ? [...names.slice(0, 10), '...'] : names
    return new EngineError('MODEL_NOT_FOUND', `${this.#remote.baseUrl} has no model ${name}.`, {
      hint: names.length === 0 ? 'It has none.' : `It has: ${shown.join(', ')}`,
    })
  }

  async #refuse(method: string, capability: Capability): Promise<never> {
    throw unsupported(this.#remote.server, method, capability, method)
  }
}

/** Returns the vector scaled to length 1. */
function normalise(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector)
  return length === 0 ? [...vector] : vector.map((number) => number / length)
}
