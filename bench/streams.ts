import { createEngine } from '../packages/engine/src/engine/index.ts'
import { type Burst, decodeRate, engineBurst, requireComplete, throughput, ttft } from './burst.ts'
import { interleave, median, rounds } from './measure.ts'
import { startMlxLmPeer } from './mlx-lm-peer.ts'
import { startMlxLmServer } from './mlx-lm-server.ts'
import { type BenchModel, modelsToMeasure, uniquePrompt } from './models.ts'
import { atLeast, difference, milliseconds, perSecond, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

/**
 * Measures bursts of streams through the engine, directly in Python (stream_generate for one stream, BatchGenerator for
 * bursts), and over HTTP with mlx_lm.server (with the large model for 16 streams only). Every prompt is new, so that it is in
 * no cache. Medians of 7, or of 3 for the large model.
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
  for (const streams of model.counts) {
    const server = !model.large || streams === 16
    const maxTokens = model.maxTokens(streams)
    const prompts = () => Array.from({ length: streams }, uniquePrompt)
    const ours = async () =>
      requireComplete(
        await engineBurst(
          engine,
          prompts().map((prompt) => ({ model: model.path, prompt, maxTokens })),
        ),
        maxTokens,
      )
    const batch = async () =>
      requireComplete(await peer.run({ how: 'batch', prompts: prompts(), maxTokens }), maxTokens)
    const one = async () =>
      requireComplete(await peer.run({ how: 'stream_generate', prompts: prompts(), maxTokens }), maxTokens)
    const overHttp = async () =>
      requireComplete(
        await http.burst(prompts().map((prompt) => ({ prompt, max_tokens: maxTokens }))),
        maxTokens,
      )
    const others = [...(streams === 1 ? [one] : []), ...(server ? [overHttp] : [])]
    const [own = [], batched = [], ...rest] = await interleave(rounds(model.large ? 3 : 7), [
      ours,
      batch,
      ...others,
    ])
    const [alone = [], served = alone] = rest
    const name = `${streams} ${streams === 1 ? 'stream' : 'streams'}, ${model.name}`
    if (streams === 1) rows.push(...compareWithStreamGenerate(name, own, alone, model))
    rows.push(...compareWithBatch(name, own, batched))
    if (server) rows.push(...compareWithServer(name, own, served))
  }
  return rows
}

/** Compares one stream with stream_generate. The goal is for the large model, which is limited by decoding. */
function compareWithStreamGenerate(name: string, ours: Burst[], peer: Burst[], model: BenchModel): Row[] {
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

function compareWithBatch(name: string, ours: Burst[], peer: Burst[]): Row[] {
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

/** Compares the engine with mlx_lm.server. The bench `server` compares the server of a created project. */
function compareWithServer(name: string, ours: Burst[], peer: Burst[]): Row[] {
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
