import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Engine } from '../packages/engine/src/engine/index.ts'
import { type Burst, decodeRate, engineBurst, requireComplete, ttft } from './burst.ts'
import { alternate, median, rounds } from './measure.ts'
import { type MlxLmPeer, startMlxLmPeer } from './mlx-lm-peer.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt, uniqueWords } from './models.ts'
import { type Panel, plot } from './plot.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { python, root } from './workspace.ts'

const streams = [1, 2, 4, 8, 16, 32]
const prompts = [128, 256, 512, 1024, 2048, 4096, 8192, 16_384]
/** Longer prompts take many seconds, so they are measured less often. */
const longPrompt = 2048
/** The prompt lengths for the large model, which takes half a minute for the last one. */
const promptsOfLarge = [32, 64, 128, 256, 512]

/**
 * Measures the time per token by number of streams, and the time to first token by length of the prompt, through the engine
 * and with mlx-lm's BatchGenerator. Medians of 5, or of 3 for long prompts and the large model. Draws bench/scaling.svg. With
 * BENCH_ROUNDS, the picture goes to the folder for temporary files instead.
 */
export async function benchScaling(workspace: string): Promise<Row[]> {
  const found: { panels: Panel[]; rows: Row[] }[] = []
  for (const model of await modelsToMeasure(workspace)) found.push(await benchModel(model))
  const path = join(process.env.BENCH_ROUNDS === undefined ? join(root, 'bench') : tmpdir(), 'scaling.svg')
  await writeFile(path, plot(found.flatMap(({ panels }) => panels)))
  console.log(`Wrote ${path}`)
  return found.flatMap(({ rows }) => rows)
}

/** A point on the curves of both sides. */
interface Point {
  x: number
  ours: number
  peer: number
}

async function benchModel(model: BenchModel): Promise<{ panels: Panel[]; rows: Row[] }> {
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model: model.path })
  await using peer = await startMlxLmPeer(model.path)
  const decode: Point[] = []
  for (const count of streams) {
    const texts = () => Array.from({ length: count }, uniquePrompt)
    const times = rounds(model.large ? 3 : 5)
    decode.push(
      await point(
        engine,
        peer,
        model,
        count,
        texts,
        model.maxTokens(count),
        times,
        (burst) => 1000 / decodeRate(burst),
      ),
    )
  }
  const prefill: Point[] = []
  for (const count of model.large ? promptsOfLarge : prompts) {
    const texts = () => [uniqueWords(count)]
    prefill.push(
      await point(
        engine,
        peer,
        model,
        count,
        texts,
        1,
        rounds(model.large || count > longPrompt ? 3 : 5),
        ttft,
      ),
    )
  }
  const panels = [
    panel(`Decode, ${model.name}`, 'streams', 'ms per token of each stream', decode),
    panel(`Prefill, ${model.name}`, 'prompt tokens', 'ms to the first token', prefill),
  ]
  return {
    panels,
    rows: [
      ...decode.map((one) => row(`time per token of each of ${one.x} streams, ${model.name}`, one)),
      ...prefill.map((one) => row(`TTFT of a prompt of ${one.x} tokens, ${model.name}`, one)),
    ],
  }
}

async function point(
  engine: Engine,
  peer: MlxLmPeer,
  { path, large }: BenchModel,
  x: number,
  texts: () => string[],
  maxTokens: number,
  times: number,
  metric: (burst: Burst) => number,
): Promise<Point> {
  const sides = await alternate(
    times,
    async () => {
      const calls = texts().map((prompt) => ({ model: path, prompt, maxTokens }))
      return metric(requireComplete(await engineBurst(engine, calls), maxTokens))
    },
    async () =>
      metric(requireComplete(await peer.run({ how: 'batch', prompts: texts(), maxTokens }), maxTokens)),
    { warmUp: !large && x <= longPrompt },
  )
  return { x, ours: median(sides.ours), peer: median(sides.peer) }
}

function panel(title: string, xLabel: string, yLabel: string, points: readonly Point[]): Panel {
  return {
    title,
    xLabel,
    yLabel,
    series: [
      { name: 'engine', points: points.map(({ x, ours }) => ({ x, y: ours })) },
      { name: 'mlx-lm in Python', points: points.map(({ x, peer }) => ({ x, y: peer })) },
    ],
  }
}

function row(what: string, { ours, peer }: Point): Row {
  return {
    what,
    ours: milliseconds(ours),
    peer: `BatchGenerator: ${milliseconds(peer)}`,
    result: ratio(ours / peer),
  }
}
