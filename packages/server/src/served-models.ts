import { basename } from 'node:path'
import type { LoadedModel, ModelOnDisk } from 'mlx-app'
import { loadedName, modelFolder, type Project } from 'mlx-app/setup'
import type { EngineService } from './engine-service.ts'
import { ApiError } from './errors.ts'

/** A model that requests can name. */
export interface ServedModel {
  id: string
  /** The loaded model, if it is in memory. */
  loaded: LoadedModel | undefined
}

/** How long the list of models on disk is cached, and that the defaults of a model are unknown. */
const cacheMs = 10_000
/** How old the list may be for a model that is not in it, which bounds the cost of unknown names. */
const missMs = 200

/**
 * The models that requests can name: the configured model, its aliases, and the models on disk. No path is accepted but
 * that of the configured model, so that clients cannot make the server read arbitrary folders.
 */
export class ServedModels {
  readonly #engineService: EngineService
  readonly #project: Project
  readonly #allowed: readonly string[]
  #onDisk: Promise<ModelOnDisk[]> | undefined
  readonly #defaults = new Map<string, { defaults: LoadedModel['defaults'] | undefined; readAt: number }>()
  #listedAt = Number.NEGATIVE_INFINITY

  /** @param allowed the names to serve in addition to the configured model, or an empty list for all. */
  constructor(engineService: EngineService, project: Project, allowed: readonly string[] = []) {
    this.#engineService = engineService
    this.#project = project
    this.#allowed = allowed
  }

  /** The name of the model that answers requests without a model. */
  get defaultId(): string {
    return this.#engineService.replacement ?? this.#configuredId
  }

  get #configuredId(): string {
    const { model } = this.#project.config
    const folder = modelFolder(model, '.')
    return folder === undefined ? model : basename(folder)
  }

  /**
   * Resolves the model name of a request. The result has no `model` for the configured model.
   *
   * @throws ApiError 404 for an unknown model. The message lists the available ones.
   */
  async resolve(named: string | null | undefined): Promise<{ id: string; model?: string }> {
    const id = this.#configuredId
    const name = named ?? this.defaultId
    if (name === id || name === this.#project.config.model) return { id }
    const isServed = (names: string[]) => names.includes(name)
    if (isServed(await this.#names())) return { id: name, model: name }
    // It may have been downloaded since.
    const names = await this.#names(missMs)
    if (isServed(names)) return { id: name, model: name }
    throw modelNotFoundError(name, names)
  }

  /** Lists all models, the one that answers requests without a model first. */
  async list(): Promise<ServedModel[]> {
    const status = await this.#engineService.status()
    // Another server does not tell which models it has in memory.
    const remote = this.#engineService.isRemote ? this.#engineService.loaded : undefined
    const names = await this.#names()
    const readAt = performance.now()
    return names.map((id) => {
      const name = loadedName(this.#project, id)
      const inMemory = status?.models.find(
        ({ model }) => model === name || (id === this.#configuredId && basename(model) === id),
      )
      const loaded = inMemory ?? (id === this.defaultId ? remote : undefined)
      // A model that was unloaded has the same defaults when it is loaded again.
      const defaults = loaded?.defaults ?? this.#defaults.get(id)?.defaults
      this.#defaults.set(id, { defaults, readAt })
      return { id, loaded }
    })
  }

  /** Returns what requests to a model get that leave an option out, if it has been in memory. */
  async defaultsOf(id: string): Promise<LoadedModel['defaults'] | undefined> {
    const { loaded } = this.#engineService
    if (id === this.defaultId && loaded !== undefined) return loaded.defaults
    const { defaults, readAt = Number.NEGATIVE_INFINITY } = this.#defaults.get(id) ?? {}
    if (defaults === undefined && performance.now() - readAt > cacheMs) await this.list()
    return this.#defaults.get(id)?.defaults
  }

  async #names(maxAgeMs = cacheMs): Promise<string[]> {
    const aliases = Object.keys(this.#project.config.aliases ?? {})
    // mlx_lm.server lists a model that it was started with by its folder.
    const onDisk = (await this.#listModelsOnDisk(maxAgeMs)).flatMap(({ model }) =>
      modelFolder(model, '.') === undefined ? model : [],
    )
    const others = [...aliases, ...onDisk]
    const served = this.#allowed.length === 0 ? others : others.filter((name) => this.#allowed.includes(name))
    return [...new Set([this.defaultId, this.#configuredId, ...served])]
  }

  /** Returns the cached list of models on disk. A failed listing is not cached. */
  async #listModelsOnDisk(maxAgeMs: number): Promise<ModelOnDisk[]> {
    const now = performance.now()
    if (this.#onDisk === undefined || now - this.#listedAt > maxAgeMs) {
      this.#listedAt = now
      this.#onDisk = this.#engineService.modelLoader.models()
      this.#onDisk.catch(() => {
        this.#onDisk = undefined
      })
    }
    return this.#onDisk
  }
}

/** Creates the error for a model that is not served, with the names of those that are. */
export function modelNotFoundError(name: string, available: readonly string[]): ApiError {
  const message = `There is no model "${name}". Available models: ${available.join(', ')}.`
  return new ApiError(404, 'model_not_found', message, { param: 'model' })
}
