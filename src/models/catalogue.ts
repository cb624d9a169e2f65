/**
 * The catalogue of models, and what of it suits a machine. It is a chunk of its own in the built tool, loaded only by
 * runs that need it: import it with `await import`.
 */

import { nearest } from '../command-line/nearest.ts'
import { canRunMlx, type Machine } from '../machine/machine.ts'
import { formatBytes } from './format-bytes.ts'
import { type KnownModel, knownModels, type Task } from './known.ts'

export type { Task } from './known.ts'

export interface CatalogueModel {
  /** Hugging Face repository, or `hello`. */
  id: string
  task: Task
  /** Size of the files that are downloaded. */
  downloadBytes: number
  /** Memory that it needs while it answers in a conversation of 4,096 tokens. */
  memoryBytes: number
  /** SPDX name, or the name that the maker gave to its licence. */
  licence: string
  /** Commit of the repository; without one a project takes the branch `main`. */
  revision?: string
  description: string
  /** Sees images, once the project has mlx-vlm. */
  sees: boolean
  /** Reads a small part of its weights for each token: a mixture of experts. */
  experts: boolean
  /** Made for one purpose, so not what is proposed to everybody. */
  special: boolean
}

/** How a model goes with a machine, in words that need no colour. */
export type Fit = 'fits' | 'slow on a CPU' | 'tight' | 'too large'

const GB = 1e9

/** Python with MLX and a loaded tokenizer, measured on Linux. */
const processBytes = 0.4 * GB

const conversationTokens = 4096

/** What the cache of a conversation takes where the shape of a model is not known: more than any of the known ones but one. */
const unknownCacheBytes = 0.8 * GB

const hello: CatalogueModel = {
  id: 'hello',
  task: 'text',
  downloadBytes: 0,
  memoryBytes: processBytes,
  licence: 'MIT',
  description: 'comes with mlx-app: tiny, knows a dozen answers by heart',
  sees: false,
  experts: false,
  special: false,
}

/** All models, by task and then by size. */
export const catalogue: readonly CatalogueModel[] = [hello, ...knownModels.map(entryOf)]

function entryOf(model: KnownModel): CatalogueModel {
  const { name, task, bytes, cache, licence, revision, use, experts = false, special = false } = model
  const sees = model.sees ?? task === 'vision'
  return {
    id: `mlx-community/${name}`,
    task,
    downloadBytes: bytes,
    memoryBytes: bytes + cacheBytes(task, cache) + processBytes,
    licence,
    ...(revision === undefined ? {} : { revision }),
    description: model.sees ? `${use}; sees images too` : use,
    sees,
    experts,
    special,
  }
}

/** Keys and values of 16 bits for each layer, head and token of a conversation. */
function cacheBytes(task: Task, cache: KnownModel['cache']): number {
  // Texts are read in pieces of 2,048 tokens, and nothing of them is kept.
  if (task === 'embeddings') return 0
  if (cache === undefined) return unknownCacheBytes
  const [layers, heads, size] = cache
  return 2 * 2 * layers * heads * size * conversationTokens
}

/** The model of this id. */
export function findModel(id: string): CatalogueModel | undefined {
  return catalogue.find((model) => model.id === id)
}

/**
 * Share of the memory that a model may take to leave enough for everything else. Memory and the speed at which it is read
 * go together: what reads all its weights for each token may take less, or it would be slower than people read.
 */
const comfortable = { experts: 1 / 2, dense: 2 / 5 }

/**
 * Share that macOS lets a GPU use: `recommendedMaxWorkingSetSize`, which programs print, is 11,453 MB of 16 GB and
 * 22,906 MB of 32 GB (three quarters on larger machines).
 */
const mostShare = 2 / 3

/** On a processor alone every byte that is read counts: larger ones answer at less than a few tokens a second. */
export const largestOnCpuBytes = 2.5 * GB

/** Whether a model goes with a machine. On Linux the set-up takes the CPU build of MLX unless it is told otherwise. */
export function fits(model: CatalogueModel, machine: Pick<Machine, 'memoryBytes' | 'platform'>): Fit {
  const share = model.memoryBytes / machine.memoryBytes
  if (share > mostShare) return 'too large'
  if (share > (model.experts ? comfortable.experts : comfortable.dense)) return 'tight'
  return machine.platform === 'linux' && model.downloadBytes > largestOnCpuBytes ? 'slow on a CPU' : 'fits'
}

/** The largest text model for any purpose that fits a machine; `hello` where MLX can't run. */
export function defaultModel(machine: Machine): CatalogueModel {
  if (!canRunMlx(machine)) return hello
  return catalogue
    .filter((model) => model.task === 'text' && !model.special && fits(model, machine) === 'fits')
    .reduce((best, model) => (model.downloadBytes > best.downloadBytes ? model : best), hello)
}

/** Size of the download and whether it fits: `2.3 GB, fits`. */
export function sizeAndFit(model: CatalogueModel, machine: Machine): string {
  const size = model.downloadBytes === 0 ? 'no download' : formatBytes(model.downloadBytes)
  return `${size}, ${fits(model, machine)}`
}

/** The id of the model that was probably meant. */
export function nearestModel(text: string): string | undefined {
  const names = new Map(catalogue.map(({ id }) => [id.slice(id.indexOf('/') + 1).toLowerCase(), id]))
  const near = nearest(text.slice(text.indexOf('/') + 1), names.keys())
  return near === undefined ? undefined : names.get(near)
}
