import { createEngine } from '../packages/engine/src/engine/index.ts'
import { decodeRate, engineBurst, requireComplete, ttft } from './burst.ts'
import { alternate, median, rounds } from './measure.ts'
import { startMlxLmPeer } from './mlx-lm-peer.ts'
import { largeModel, quantisedModel } from './models.ts'
import { atLeast, difference, milliseconds, perSecond, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

/** A short prompt, so that the time to first token shows the overhead of the engine rather than the prefill. */
const prompt = 'A stream.'

/**
 * Measures one stream of a Llama model with about 75 million random parameters, through the engine and with mlx-lm's
 * stream_generate, both warm. Medians of 11, or of 3 in 4 bits.
 */
export async function benchStream(workspace: string): Promise<Row[]> {
  const large = await compare((await largeModel(workspace)).path, 100, 11)
  const quantised = await compare(await quantisedModel(workspace), 24, 3)
  return [
    { ...rateRow('decode, one stream, ~75M parameters', large), ...atLeast(quotient(large.rate), 0.97) },
    {
      ...ttftRow('TTFT, the same', large),
      result: difference(large.first.ours - large.first.peer),
      bar: '<= +5 ms',
      met: large.first.ours - large.first.peer <= 5,
    },
    {
      ...rateRow('decode, one stream, ~75M in 4 bits with scales of bfloat16', quantised),
      result: ratio(quotient(quantised.rate)),
    },
    { ...ttftRow('TTFT, the same', quantised), result: ratio(quotient(quantised.first)) },
  ]
}

interface Pair {
  ours: number
  peer: number
}

interface Comparison {
  /** Tokens per second from the first token on. */
  rate: Pair
  /** The time to first token in milliseconds. */
  first: Pair
}

async function compare(model: string, maxTokens: number, times: number): Promise<Comparison> {
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model })
  await using peer = await startMlxLmPeer(model)
  const call = { model, prompt, maxTokens, promptCache: false }
  const { ours, peer: other } = await alternate(
    rounds(times),
    async () => requireComplete(await engineBurst(engine, [call]), maxTokens),
    async () =>
      requireComplete(await peer.run({ how: 'stream_generate', prompts: [prompt], maxTokens }), maxTokens),
  )
  return {
    rate: { ours: median(ours.map(decodeRate)), peer: median(other.map(decodeRate)) },
    first: { ours: median(ours.map(ttft)), peer: median(other.map(ttft)) },
  }
}

function quotient({ ours, peer }: Pair): number {
  return ours / peer
}

function rateRow(what: string, { rate }: Comparison) {
  return {
    what,
    ours: perSecond(rate.ours),
    peer: `mlx-lm stream_generate in Python: ${perSecond(rate.peer)}`,
  }
}

function ttftRow(what: string, { first }: Comparison) {
  return { what, ours: milliseconds(first.ours), peer: `the same: ${milliseconds(first.peer)}` }
}
