import { existsSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { prepareSmollm } from '../scripts/smollm/prepare.ts'
import { hello, python, root } from './workspace.ts'

/** A model to measure with. It never ends a text, so that all answers have the requested length. */
export interface BenchModel {
  name: string
  path: string
  /** Whether the model takes seconds where the hello model takes milliseconds. */
  large: boolean
  /** The numbers of streams to measure. */
  counts: readonly number[]
  /** Returns the number of tokens in each answer for a number of streams. */
  maxTokens: (streams: number) => number
}

const allCounts = [1, 4, 16, 32]

/**
 * Returns the hello model and the large model, or only one of them if BENCH_MODEL is `hello` or `large`. With `real`, returns
 * SmolLM2 with 4 and with 16 bits.
 */
export async function modelsToMeasure(workspace: string): Promise<BenchModel[]> {
  const only = process.env.BENCH_MODEL
  const models: BenchModel[] = []
  if (only === 'real') return await realModels(workspace)
  if (only !== 'large') models.push(await helloModel(workspace))
  if (only !== 'hello') models.push(await largeModel(workspace))
  return models
}

/** Returns the hello model without its end token. */
export async function helloModel(workspace: string): Promise<BenchModel> {
  const path = await endlessCopy(hello, join(workspace, 'endless-hello'))
  return { name: 'hello', path, large: false, counts: allCounts, maxTokens: () => 200 }
}

/** Copies a model without its end token, unless it was copied before. Returns the path of the copy. */
async function endlessCopy(model: string, path: string): Promise<string> {
  if (!existsSync(path)) {
    await cp(model, path, { recursive: true })
    await disableEndToken(path)
  }
  return path
}

/**
 * Returns a trained model, which is converted once, with 16 and with 4 bits. mlx-lm needs seconds for each token of the one with 4
 * bits on a CPU, so that few are measured.
 */
async function realModels(workspace: string): Promise<BenchModel[]> {
  const { bits4, bits16 } = await prepareSmollm()
  const copy = (folder: string) => endlessCopy(folder, join(workspace, basename(folder)))
  return [
    {
      name: 'SmolLM2-135M, 16 bits',
      path: await copy(bits16),
      large: true,
      counts: [1, 4, 16],
      maxTokens: largeTokens,
    },
    { name: 'SmolLM2-135M, 4 bits', path: await copy(bits4), large: true, counts: [1], maxTokens: () => 8 },
  ]
}

/** Returns a model of about 75 million random weights, which runs as fast as a trained one. */
export async function largeModel(workspace: string): Promise<BenchModel> {
  const path = await writeRandomModel(join(workspace, 'endless-stand-in'))
  return { name: '~75M', path, large: true, counts: allCounts, maxTokens: largeTokens }
}

/** The CPU build of MLX decodes 10 to 25 tokens per second with these models, however large the batch is. */
function largeTokens(streams: number): number {
  return Math.max(8, Math.floor(32 / streams))
}

/** Returns the folder of the large model in 4 bits with bfloat16 scales. */
export function quantisedModel(workspace: string): Promise<string> {
  return writeRandomModel(join(workspace, 'endless-quantised'), '--quantised')
}

async function writeRandomModel(path: string, ...flags: string[]): Promise<string> {
  if (!existsSync(path)) {
    await execa(python, [join(root, 'scripts', 'hello', 'random_model.py'), path, ...flags])
    await disableEndToken(path)
  }
  return path
}

/** Returns a chat prompt whose first tokens differ from all other prompts. */
export function uniquePrompt(): string {
  return `<|im_start|>system\n${nonce()}<|im_end|>\n<|im_start|>user\nTell me a story.<|im_end|>\n<|im_start|>assistant\n`
}

/** Returns a prompt of about this many tokens whose first tokens differ from all other prompts. */
export function uniqueWords(tokens: number): string {
  return `${nonce()}${' and it'.repeat(tokens / 2)}`
}

let count = 0

/** Returns a string of fixed length that differs from the previous ones from the first character on. */
function nonce(): string {
  count += 1
  return [...String(count).padStart(6, '0')].reverse().join('')
}

/** Replaces the end token by one that the model can't produce. */
async function disableEndToken(model: string): Promise<void> {
  await rewrite(join(model, 'config.json'), (config) => ({ ...config, eos_token_id: config.vocab_size }))
  await rewrite(join(model, 'tokenizer_config.json'), (config) => ({ ...config, eos_token: '<|never|>' }))
}

async function rewrite(
  path: string,
  change: (content: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')))))
}
