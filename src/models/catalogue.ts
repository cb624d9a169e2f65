/**
 * The catalogue of models, and which of them fit a machine. In the built tool it is a chunk that only some runs load:
 * import it with `await import`.
 */

import { formatBytes } from '../../packages/engine/src/setup/terminal/format.ts'
import { canRunMlx, type Machine } from '../machine/machine.ts'
import { nearest } from '../nearest.ts'
import { type KnownModel, knownModels, type Task } from './known.ts'

export type { Task } from './known.ts'

export interface CatalogueModel {
  /** Hugging Face repository, or `hello`. */
  id: string
  task: Task
  /** Size of the files to download. */
  downloadBytes: number
  /** Memory that it needs to answer in a conversation of 4,096 tokens. */
  memoryBytes: number
  /** SPDX identifier, or the name that the maker gave to its licence. */
  licence: string
  /** Commit of the repository. Without one a project uses the branch `main`. */
  revision?: string
  description: string
  /** Whether it takes images, once the project has mlx-vlm. */
  vision: boolean
  /** Whether it is a mixture of experts, which reads a small part of its weights for each token. */
  mixtureOfExperts: boolean
  /** Whether it has one purpose, and so is never the default. */
  specialPurpose: boolean
}

/** How well a model fits a machine, in words that need no colour. */
export type Fit = 'fits' | 'slow on a CPU' | 'tight' | 'too large'

/** A model of the catalogue, and how well it fits this machine. */
export interface RatedModel extends CatalogueModel {
  fit: Fit
}

const GB = 1e9

/** Memory of Python with MLX and a loaded tokenizer, measured on Linux. */
const processBytes = 0.4 * GB

const conversationTokens = 4096

/** The KV cache of a conversation for models whose shape is unknown: more than that of all known ones but one. */
const unknownCacheBytes = 0.8 * GB

const hello: CatalogueModel = {
  id: 'hello',
  task: 'text',
  downloadBytes: 0,
  memoryBytes: processBytes,
  licence: 'MIT',
  description: 'included in mlx-app: tiny, knows a dozen answers by heart',
  vision: false,
  mixtureOfExperts: false,
  specialPurpose: false,
}

/** All models, by task and then by size. */
export const catalogue: readonly CatalogueModel[] = [hello, ...knownModels.map(entryOf)]

function entryOf(model: KnownModel): CatalogueModel {
  const { name, task, downloadBytes, kvCache, licence, revision, description } = model
  const { vision = task === 'vision', mixtureOfExperts = false, specialPurpose = false } = model
  return {
    id: `mlx-community/${name}`,
    task,
    downloadBytes,
    memoryBytes: downloadBytes + cacheBytes(task, kvCache) + processBytes,
    licence,
    ...(revision === undefined ? {} : { revision }),
    description: model.vision ? `${description}; also takes images` : description,
    vision,
    mixtureOfExperts,
    specialPurpose,
  }
}

/** Returns the size of the keys and values of a conversation: 16 bits for each layer, head and token. */
function cacheBytes(task: Task, kvCache: KnownModel['kvCache']): number {
  // Embeddings are computed in pieces of 2,048 tokens, and no cache is kept.
  if (task === 'embeddings') return 0
  if (kvCache === undefined) return unknownCacheBytes
  const [layers, heads, size] = kvCache
  return 2 * 2 * layers * heads * size * conversationTokens
}

/** Returns the model with an ID. */
export function findModel(id: string): CatalogueModel | undefined {
  return catalogue.find((model) => model.id === id)
}

/**
 * The share of the memory that a model may take, so that enough is left for everything else. Memory size and bandwidth
 * go together: a dense model reads all its weights for each token, so with a larger share it would be slower than people
 * read.
 */
const comfortableShare = { mixtureOfExperts: 1 / 2, dense: 2 / 5 }

/**
 * The share of the memory that macOS lets a GPU use: `recommendedMaxWorkingSetSize`, which programs print, is 11,453 MB
 * of 16 GB and 22,906 MB of 32 GB (three quarters on larger machines).
 */
const largestShare = 2 / 3

/** The largest model for a CPU, where larger ones answer at less than a few tokens a second. */
export const largestOnCpuBytes = 2.5 * GB

/** Returns how well a model fits a machine. On Linux this assumes MLX's CPU build, which the setup installs by default. */
export function fitOf(model: CatalogueModel, machine: Pick<Machine, 'memoryBytes' | 'platform'>): Fit {
  const share = model.memoryBytes / machine.memoryBytes
  if (share > largestShare) return 'too large'
  if (share > comfortableShare[model.mixtureOfExperts ? 'mixtureOfExperts' : 'dense']) return 'tight'
  return machine.platform === 'linux' && model.downloadBytes > largestOnCpuBytes ? 'slow on a CPU' : 'fits'
}

/** Returns the largest general text model that fits a machine, or `hello` if MLX can't run there. */
export function defaultModel(machine: Machine): CatalogueModel {
  if (!canRunMlx(machine)) return hello
  return catalogue
    .filter((model) => model.task === 'text' && !model.specialPurpose && fitOf(model, machine) === 'fits')
    .reduce((best, model) => (model.downloadBytes > best.downloadBytes ? model : best), hello)
}

/** Returns the size of the download and how well the model fits: `2.3 GB, fits`. */
export function sizeAndFit(model: CatalogueModel, machine: Machine): string {
  const size = model.downloadBytes === 0 ? 'no download' : formatBytes(model.downloadBytes)
  return `${size}, ${fitOf(model, machine)}`
}

/** Returns the ID of the model that was probably meant. */
export function nearestModel(text: string): string | undefined {
  const names = new Map(catalogue.map(({ id }) => [id.slice(id.indexOf('/') + 1).toLowerCase(), id]))
  const near = nearest(text.slice(text.indexOf('/') + 1), names.keys())
  return near === undefined ? undefined : names.get(near)
}
