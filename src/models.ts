import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from './errors.ts'
import { nearest } from './nearest.ts'
import { canRunMlx, type Machine } from './system/machine.ts'

export interface CatalogueModel {
  /** Hugging Face repository, or `hello`. */
  id: string
  task: 'text' | 'vision' | 'embeddings'
  /** Size of the files that are downloaded. */
  downloadBytes: number
  /** Memory that it needs while it answers: the weights, and a cache for some thousand tokens. */
  memoryBytes: number
  /** SPDX name, or the name that the maker gave to its licence. */
  licence: string
  description: string
}

const MB = 1e6
const GB = 1e9

export const catalogue: readonly CatalogueModel[] = [
  {
    id: 'hello',
    task: 'text',
    downloadBytes: 0,
    memoryBytes: 1 * MB,
    licence: 'MIT',
    description: 'comes with the project; knows a handful of answers by heart',
  },
  {
    id: 'mlx-community/Qwen3-0.6B-4bit',
    task: 'text',
    downloadBytes: 351 * MB,
    memoryBytes: 0.9 * GB,
    licence: 'Apache-2.0',
    description: 'small and quick',
  },
]

/** True for a model of the catalogue. */
export function isModelId(text: string): boolean {
  return catalogue.some((model) => model.id === text)
}

/** True for the form of a Hugging Face id: owner/name. */
export function isHuggingFaceId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text)
}

/** True for a path as it is written on a command line: with ./, ../, ~/ or / in front. */
export function isModelPath(text: string): boolean {
  return /^(\.{1,2}|~)?[/\\]/.test(text) || /^[A-Za-z]:[/\\]/.test(text)
}

/** True for everything that `--model` takes. */
export function looksLikeModel(text: string): boolean {
  return isModelId(text) || isHuggingFaceId(text) || isModelPath(text)
}

/** @throws UsageError when the text can't be a model, with what there is. */
export function checkModel(text: string): void {
  if (looksLikeModel(text)) return
  const short = new Map(catalogue.map((model) => [shortName(model.id), model.id]))
  const near = nearest(text, short.keys())
  const suggestion = near === undefined ? undefined : short.get(near)
  throw new UsageError(`Unknown model: ${text}`, {
    hints: [
      ...(suggestion === undefined ? [] : [`Did you mean --model ${suggestion}?`]),
      `A model is one of ${catalogue.map((model) => model.id).join(', ')},`,
      'any other Hugging Face id (owner/name), or a path (./folder).',
    ],
  })
}

function shortName(id: string): string {
  return id.slice(id.indexOf('/') + 1).toLowerCase()
}

/** Share of the memory that the weights of a model may take to fit comfortably beside everything else. */
const comfortableShare = 1 / 4

/** No default asks for a longer download than this; a larger model is a choice. */
const largestDefaultDownloadBytes = 2.5 * GB

/** The largest text model that fits comfortably on a machine; `hello` where MLX can't run. */
export function defaultModel(machine: Machine): CatalogueModel {
  const hello = catalogue[0]
  if (hello === undefined) throw new Error('The catalogue is empty')
  if (!canRunMlx(machine)) return hello
  return catalogue
    .filter((model) => model.task === 'text' && model.downloadBytes <= largestDefaultDownloadBytes)
    .filter((model) => model.downloadBytes <= machine.memoryBytes * comfortableShare)
    .reduce((best, model) => (model.downloadBytes > best.downloadBytes ? model : best), hello)
}

/** Whether a model fits into the memory of a machine, in words that need no colour. */
export function fits(
  model: CatalogueModel,
  machine: Pick<Machine, 'memoryBytes'>,
): 'fits' | 'tight' | 'too large' {
  if (model.memoryBytes <= machine.memoryBytes / 2) return 'fits'
  return model.memoryBytes <= machine.memoryBytes * 0.75 ? 'tight' : 'too large'
}

/** One line for a list: name, size of the download, whether it fits. */
export function describeModel(model: CatalogueModel, machine: Pick<Machine, 'memoryBytes'>): string {
  const size = model.downloadBytes === 0 ? 'no download' : formatBytes(model.downloadBytes)
  return `${model.id} (${size}, ${fits(model, machine)})`
}

/** Bytes as people read them, in powers of 1000: 351 MB, 2.3 GB. */
export function formatBytes(bytes: number): string {
  return bytes < GB ? `${Math.round(bytes / MB)} MB` : `${(bytes / GB).toFixed(1)} GB`
}

/**
 * A model as the project names it: a path becomes absolute, because the project is run from another folder.
 *
 * @throws UsageError when it can't be a model, and when a path has no model.
 */
export function locateModel(text: string, workingDirectory: string): string {
  checkModel(text)
  if (!isModelPath(text)) return text
  const path = text.startsWith('~') ? join(homedir(), text.slice(1)) : resolve(workingDirectory, text)
  if (!existsSync(join(path, 'config.json'))) {
    throw new UsageError(`There is no model in ${path}: a model is a folder with a config.json.`, {
      hints: ['A model of the hub is given by its id: --model mlx-community/Qwen3-0.6B-4bit'],
    })
  }
  return path
}
