import { basename, isAbsolute } from 'node:path'
import type { LoadedModel, ModelOnDisk } from 'mlx-app'
import type { ProjectConfig } from 'mlx-app/setup'
import type { EngineService } from './engine-service.ts'
import { ApiError } from './errors.ts'

/** A model that requests may name. */
export interface ServedModel {
  id: string
  /** What it is now, if it is in memory. */
  loaded: LoadedModel | undefined
}

/** A look at the disk is good for so long. */
const cacheMs = 10_000

/**
 * The names that requests may give: the configured model, its aliases, and the models on disk. A path is no name:
 * clients can't make the server read a folder of their choice.
 */
export class ServedModels {
  readonly #engineService: EngineService
  readonly #config: ProjectConfig
  readonly #allowed: readonly string[]
  #onDisk: Promise<ModelOnDisk[]> | undefined
  #listedAt = Number.NEGATIVE_INFINITY

  /** @param only the names that are served beside the configured one; empty for all. */
  constructor(engineService: EngineService, config: ProjectConfig, only: readonly string[] = []) {
    this.#engineService = engineService
    this.#config = config
    this.#allowed = only
  }

  /** The name of the model that is used where a request gives none. */
  get defaultId(): string {
    const { model } = this.#config
    return isPath(model) ? basename(model) : model
  }

  /**
   * What to tell the engine for the name that a request gave: nothing for the configured model.
   *
   * @throws ApiError 404 for a model that is not served, with the names of those that are.
   */
  async resolve(name: string | null | undefined): Promise<{ id: string; model?: string }> {
    if (name == null || name === this.defaultId) return { id: this.defaultId }
    const names = await this.#names()
    if (names.includes(name)) return { id: name, model: name }
    throw new ApiError(
      404,
      'model_not_found',
      `There is no model "${name}" here, but: ${names.join(', ')}.`,
      {
        param: 'model',
      },
    )
  }

  /** All of them, the configured one first. */
  async list(): Promise<ServedModel[]> {
    const status = await this.#engineService.status()
    const loaded = status?.models ?? []
    return (await this.#names()).map((id) => ({
      id,
      loaded: loaded.find(({ model }) => model === id || (id === this.defaultId && basename(model) === id)),
    }))
  }

  async #names(): Promise<string[]> {
    const aliases = Object.keys(this.#config.aliases ?? {})
    // mlx_lm.server lists the model that it was started with by its folder.
    const onDisk = (await this.#listModelsOnDisk()).flatMap(({ model }) => (isPath(model) ? [] : model))
    const others = [...aliases, ...onDisk]
    const served = this.#allowed.length === 0 ? others : others.filter((name) => this.#allowed.includes(name))
    return [...new Set([this.defaultId, ...served])]
  }

  /** A look that failed is not kept. */
  async #listModelsOnDisk(): Promise<ModelOnDisk[]> {
    const now = performance.now()
    if (this.#onDisk === undefined || now - this.#listedAt > cacheMs) {
      this.#listedAt = now
      this.#onDisk = this.#engineService.engine.models()
      this.#onDisk.catch(() => {
        this.#onDisk = undefined
      })
    }
    return this.#onDisk
  }
}

function isPath(model: string): boolean {
  return isAbsolute(model) || model.startsWith('.')
}
