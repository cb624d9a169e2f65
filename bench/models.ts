import { existsSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { hello, python, root } from './workspace.ts'

/** A model to measure with. Neither ever ends a text, so that all answers are as long as they were asked to be. */
export interface BenchModel {
  name: string
  path: string
  /** Whether it takes seconds where the hello model takes milliseconds. */
  large: boolean
  /** Tokens of each answer of so many streams. */
  maxTokens: (streams: number) => number
}

/** The hello model and the large one; only one of them with BENCH_MODEL=hello or BENCH_MODEL=large, to try a bench. */
export async function modelsToMeasure(workspace: string): Promise<BenchModel[]> {
  const only = process.env.BENCH_MODEL
  const models: BenchModel[] = []
  if (only !== 'large') models.push(await helloModel(workspace))
  if (only !== 'hello') models.push(await largeModel(workspace))
  return models
}

export async function helloModel(workspace: string): Promise<BenchModel> {
  const path = join(workspace, 'endless-hello')
  if (!existsSync(path)) {
    await cp(hello, path, { recursive: true })
    await disableEndToken(path)
  }
  return { name: 'hello', path, large: false, maxTokens: () => 200 }
}

/** Some 75 million random numbers, which give text that means nothing at the speed of text that does. */
export async function largeModel(workspace: string): Promise<BenchModel> {
  const path = await writeRandomModel(join(workspace, 'endless-stand-in'))
  // MLX's CPU build computes a batch of it about as fast as one stream: some 25 tokens a second for all together.
  return { name: '~75M', path, large: true, maxTokens: (streams) => Math.max(8, Math.floor(32 / streams)) }
}

/** The folder of the same in 4 bits, with scales of bfloat16. */
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

/** A chat in the template that both models share; no other call's prompt begins like it. */
export function uniquePrompt(): string {
  return `<|im_start|>system\n${nonce()}<|im_end|>\n<|im_start|>user\nTell me a story.<|im_end|>\n<|im_start|>assistant\n`
}

/** So many tokens, and a few that no other prompt begins with: both models have a token for each word. */
export function uniqueWords(tokens: number): string {
  return `${nonce()}${' and it'.repeat(tokens / 2)}`
}

let count = 0

/** Differs from its first character on, and is always as long. */
function nonce(): string {
  count += 1
  return [...String(count).padStart(6, '0')].reverse().join('')
}

/** Makes the end of a text a token that the model has no output for. */
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
