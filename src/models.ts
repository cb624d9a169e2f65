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
  /** Memory that it needs while it answers. */
  memoryBytes: number
  /** SPDX name, or the name that the maker gave to its licence. */
  licence: string
  description: string
}

const MB = 1e6
const GB = 1e9

/**
 * What a model needs beside its weights: Python with MLX (0.4 GB, measured on Linux) and the KV cache of a
 * conversation of 4,096 tokens (0.03 to 0.6 GB for the models here, by layers x heads x head size in 16 bit).
 */
const besideWeightsBytes = 1 * GB

const apache = { task: 'text', licence: 'Apache-2.0' } as const
const llama = { task: 'text', licence: 'Llama 3.2 Community' } as const

/**
 * Sizes marked "exo" are `storage_size` in the model cards of exo (github.com/exo-explore/exo,
 * resources/inference_model_cards, June 2026), which its maintainers took from the repositories. Those marked
 * "computed" are the published number of parameters x 4.5 bits (4 bits, and a 16-bit scale and bias for each
 * group of 64), and 16 MB of tokenizer; checked on Qwen3-0.6B, where this gives 351 MB and exo has 343 MB
 * without the tokenizer.
 */
export const catalogue: readonly CatalogueModel[] = [
  {
    id: 'hello',
    task: 'text',
    downloadBytes: 0,
    memoryBytes: 0.5 * GB,
    licence: 'MIT',
    description: 'comes with the project: tiny, knows a dozen answers by heart',
  },
  // Computed: 596,049,920 parameters.
  published('mlx-community/Qwen3-0.6B-4bit', 351 * MB, apache, 'small and quick'),
  // exo.
  published('mlx-community/Llama-3.2-1B-Instruct-4bit', 730 * MB, llama, 'short texts in European languages'),
  // Computed: 1,720,574,976 parameters.
  published('mlx-community/Qwen3-1.7B-4bit', 984 * MB, apache, 'good answers on a machine with 8 GB'),
  // exo.
  published('mlx-community/Llama-3.2-3B-Instruct-4bit', 1.86 * GB, llama, 'summaries and rewriting'),
  // Computed: 4,022,468,096 parameters.
  published(
    'mlx-community/Qwen3-4B-Instruct-2507-4bit',
    2.28 * GB,
    apache,
    'the best for its size, follows instructions',
  ),
  // Computed: 8,190,735,360 parameters.
  published('mlx-community/Qwen3-8B-4bit', 4.62 * GB, apache, 'thinks before it answers, calls tools'),
  // exo.
  published(
    'mlx-community/Qwen3.5-9B-4bit',
    5.95 * GB,
    apache,
    'newer, thinks before it answers, many languages',
  ),
  // exo.
  published('mlx-community/gpt-oss-20b-MXFP4-Q8', 12.03 * GB, apache, 'reasoning and tools, made by OpenAI'),
  // exo.
  published('mlx-community/Qwen3-30B-A3B-4bit', 17.61 * GB, apache, 'mixture of experts: quick for its size'),
  // exo.
  published(
    'mlx-community/Qwen3.6-35B-A3B-4bit',
    20.4 * GB,
    apache,
    'mixture of experts: code and long tasks',
  ),
  // exo.
  published('mlx-community/gpt-oss-120b-MXFP4-Q8', 70.65 * GB, apache, 'for a machine with 96 GB and more'),
]

function published(
  id: string,
  downloadBytes: number,
  common: Pick<CatalogueModel, 'task' | 'licence'>,
  description: string,
): CatalogueModel {
  return { id, ...common, downloadBytes, memoryBytes: downloadBytes + besideWeightsBytes, description }
}

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
