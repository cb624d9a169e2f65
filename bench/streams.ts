import { createEngine } from '../packages/engine/src/engine/index.ts'
import { type Burst, complete, decodeRate, engineBurst, throughput, ttft } from './burst.ts'
import { interleave, median, rounds } from './measure.ts'
import { startMlxLmPeer } from './mlx-lm-peer.ts'
import { startMlxLmServer } from './mlx-lm-server.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt } from './models.ts'
import { atLeast, difference, milliseconds, perSecond, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

const counts = [1, 4, 16, 32]

/**
 * Bursts of streams through the engine, raw in Python (stream_generate for one, BatchGenerator for all), and over HTTP
 * through mlx_lm.server (with the large model for 16 streams only). Every prompt is new, so that no side has it in a
 * cache. Medians of 7, of 3 for the large model.
 */
export async function benchStreams(workspace: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const model of await modelsToMeasure(workspace)) rows.push(...(await benchModel(workspace, model)))
  return rows
}

async function benchModel(workspace: string, model: BenchModel): Promise<Row[]> {
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model: model.path })
  await using peer = await startMlxLmPeer(model.path)
  await using http = await startMlxLmServer(workspace, model.path)
  const rows: Row[] = []
  for (const streams of counts) {
    const server = !model.large || streams === 16
    const maxTokens = model.maxTokens(streams)
    const prompts = () => Array.from({ length: streams }, uniquePrompt)
    const ours = async () =>
      complete(
        await engineBurst(
          engine,
          prompts().map((prompt) => ({ model: model.path, prompt, maxTokens })),
        ),
        maxTokens,
      )
    const batch = async () =>
      complete(await peer.ask({ how: 'batch', prompts: prompts(), maxTokens }), maxTokens)
    const one = async () =>
      complete(await peer.ask({ how: 'stream_generate', prompts: prompts(), maxTokens }), maxTokens)
    const overHttp = async () =>
      complete(await http.burst(prompts().map((prompt) => ({ prompt, max_tokens: maxTokens }))), maxTokens)
    const others = [...(streams === 1 ? [one] : []), ...(server ? [overHttp] : [])]
    const [own = [], batched = [], ...rest] = await interleave(rounds(model.large ? 3 : 7), [
      ours,
      batch,
      ...others,
    ])
    const [alone = [], served = alone] = rest
    const name = `${streams} ${streams === 1 ? 'stream' : 'streams'}, ${model.name}`
    if (streams === 1) rows.push(...besideStreamGenerate(name, own, alone, model))
    rows.push(...besideBatch(name, own, batched))
    if (server) rows.push(...besideServer(name, own, served))
  }
  return rows
}

/** DESIGN's bars for one stream are for the large model, where the model is what takes the time. */
function besideStreamGenerate(name: string, ours: Burst[], peer: Burst[], model: BenchModel): Row[] {
  const rate = { ours: middle(ours, decodeRate), peer: middle(peer, decodeRate) }
  const first = { ours: middle(ours, ttft), peer: middle(peer, ttft) }
  const later = first.ours - first.peer
  return [
    {
      what: `${name}: decode`,
      ours: perSecond(rate.ours),
      peer: `stream_generate: ${perSecond(rate.peer)}`,
      ...(model.large ? atLeast(rate.ours / rate.peer, 0.97) : { result: ratio(rate.ours / rate.peer) }),
    },
    {
      what: `${name}: TTFT`,
      ours: milliseconds(first.ours),
      peer: `stream_generate: ${milliseconds(first.peer)}`,
      result: difference(later),
      bar: '<= +5 ms',
      met: later <= 5,
    },
  ]
}

function besideBatch(name: string, ours: Burst[], peer: Burst[]): Row[] {
  const rate = { ours: middle(ours, throughput), peer: middle(peer, throughput) }
  const first = { ours: middle(ours, ttft), peer: middle(peer, ttft) }
  return [
    {
      what: `${name}: throughput`,
      ours: perSecond(rate.ours),
      peer: `BatchGenerator: ${perSecond(rate.peer)}`,
      result: ratio(rate.ours / rate.peer),
    },
    {
      what: `${name}: TTFT p50`,
      ours: milliseconds(first.ours),
      peer: `BatchGenerator: ${milliseconds(first.peer)}`,
      result: difference(first.ours - first.peer),
    },
  ]
}

/** The server of a created project is held against it in the bench `server`. */
function besideServer(name: string, ours: Burst[], peer: Burst[]): Row[] {
  const rate = { ours: middle(ours, throughput), peer: middle(peer, throughput) }
  const first = { ours: middle(ours, ttft), peer: middle(peer, ttft) }
  return [
    {
      what: `${name}: throughput`,
      ours: perSecond(rate.ours),
      peer: `mlx_lm.server: ${perSecond(rate.peer)}`,
      result: ratio(rate.ours / rate.peer),
    },
    {
      what: `${name}: TTFT p50`,
      ours: milliseconds(first.ours),
      peer: `mlx_lm.server: ${milliseconds(first.peer)}`,
      result: ratio(first.ours / first.peer),
    },
  ]
}

function middle(bursts: readonly Burst[], of: (burst: Burst) => number): number {
  return median(bursts.map(of))
}
