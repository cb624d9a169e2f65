import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { execa } from 'execa'
import { createEngine, type Engine, type GenerateOptions } from '../packages/engine/src/engine/index.ts'
import { startMlxLmServer } from './mlx-lm-server.ts'
import { helloModel, uniquePrompt } from './models.ts'
import type { Row } from './table.ts'
import { python } from './workspace.ts'

const calls = process.env.SOAK === '1' ? 10_000 : Number(process.env.BENCH_CALLS ?? 1000)
/** The number of warm-up calls, in which buffers grow and the prompt cache fills. */
const warmUp = calls / 5
const concurrency = 16
const maxTokens = 16
/** Small enough to be full after the warm-up. */
const promptCacheBytes = 4 * 1024 * 1024

/** Memory use in bytes. */
interface MemoryUse {
  process: number
  heap: number
  mlx: number
}

/**
 * Measures how much memory grows over 1,000 calls of all kinds (10,000 with SOAK=1), 16 at a time, after a warm-up. The peer
 * is mlx_lm.server with as many plain calls.
 */
export async function benchMemory(workspace: string): Promise<Row[]> {
  const model = (await helloModel(workspace)).path
  const ours = await measureEngine(model)
  const peer = await measurePeer(workspace, model)
  const over = `over ${calls.toLocaleString('en')} calls`
  return [
    row(
      `private memory of the worker ${over}`,
      ours.map(({ process }) => process),
      peer,
    ),
    row(
      `Node's heap ${over}`,
      ours.map(({ heap }) => heap),
    ),
    row(
      `memory and cache of MLX ${over}`,
      ours.map(({ mlx }) => mlx),
    ),
  ]
}

function row(what: string, [before = 0, after = 0]: number[], peer?: number[]): Row {
  const growth = after / before - 1
  return {
    what,
    ours: fromTo(before, after),
    peer: peer === undefined ? '' : `mlx_lm.server: ${fromTo(peer[0] ?? 0, peer[1] ?? 0)}`,
    result: percent(growth),
    bar: '<= +5 %',
    met: growth <= 0.05,
  }
}

function fromTo(before: number, after: number): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  return `${mebibytes(before)} to ${mebibytes(after)} MiB (${percent(after / before - 1)})`
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)} %`
}

async function measureEngine(model: string): Promise<MemoryUse[]> {
  await using engine = await createEngine({ python, device: 'cpu', promptCacheBytes })
  await engine.loadModel({ model })
  const run = (count: number) => inParallel(count, (number) => call(engine, model, number))
  await run(warmUp)
  const before = await memoryUseOf(engine)
  await run(calls)
  return [before, await memoryUseOf(engine)]
}

async function memoryUseOf(engine: Engine): Promise<MemoryUse> {
  const { pid = 0, memoryBytes, cacheBytes } = await engine.status()
  collectGarbage()
  return {
    process: await privateMemory(pid),
    heap: process.memoryUsage().heapUsed,
    mlx: memoryBytes + cacheBytes,
  }
}

async function measurePeer(workspace: string, model: string): Promise<number[]> {
  await using server = await startMlxLmServer(workspace, model)
  const run = (count: number) =>
    inParallel(count, () => server.stream({ prompt: uniquePrompt(), max_tokens: maxTokens }))
  await run(warmUp)
  const before = await privateMemory(server.pid)
  await run(calls)
  return [before, await privateMemory(server.pid)]
}

const kinds: readonly Omit<GenerateOptions, 'model' | 'prompt'>[] = [
  {},
  { temperature: 1, seed: 7, topP: 0.9 },
  { logprobs: 5 },
  { responseFormat: { type: 'json_object' } },
  { n: 2, temperature: 1 },
  { stop: ['there was'], repetitionPenalty: 1.1 },
  { promptCache: false, logitBias: { 300: -5 } },
]

/** Makes one call. Every eighth call is cancelled halfway. */
async function call(engine: Engine, model: string, number: number): Promise<void> {
  const kind = kinds[number % (kinds.length + 1)]
  const options = { ...kind, model, prompt: uniquePrompt(), maxTokens }
  if (kind !== undefined) {
    await engine.complete(options)
    return
  }
  for await (const chunk of engine.generate(options)) if (chunk.text.includes('time')) return
}

async function inParallel(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) {
      next += 1
      await work(next)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

/** Returns the anonymous memory of a process in bytes, or its resident memory on systems without that number. */
async function privateMemory(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }
  return Number((await execa('ps', ['-o', 'rss=', '-p', String(pid)])).stdout) * 1024
}

/** Runs Node's garbage collector, which needs a flag. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
