import { createEngine } from '../packages/engine/src/engine/index.ts'
import { complete, decodeRate, engineBurst, ttft } from './burst.ts'
import { alternate, median, rounds } from './measure.ts'
import { startMlxLmPeer } from './mlx-lm-peer.ts'
import { largeModel, quantisedModel } from './models.ts'
import { atLeast, difference, milliseconds, perSecond, type Row, ratio } from './table.ts'
import { python } from './workspace.ts'

/** Short, so that the time to the first token shows what the engine adds and not how long the prefill takes. */
const prompt = 'A stream.'

/**
 * One stream on a llama of some 75 million random parameters, through the engine and raw in Python by mlx-lm's
 * stream_generate, both processes warm. Medians of 11, in 4 bits of 3.
 */
export async function benchStream(workspace: string): Promise<Row[]> {
  const large = await beside((await largeModel(workspace)).path, 100, 11)
  const quantised = await beside(await quantisedModel(workspace), 24, 3)
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

interface Beside {
  /** Tokens per second of the stream once it has begun. */
  rate: Pair
  /** Milliseconds to the first token. */
  first: Pair
}

async function beside(model: string, maxTokens: number, times: number): Promise<Beside> {
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model })
  await using peer = await startMlxLmPeer(model)
  const call = { model, prompt, maxTokens, promptCache: false }
  const { ours, peer: other } = await alternate(
    rounds(times),
    async () => complete(await engineBurst(engine, [call]), maxTokens),
    async () => complete(await peer.ask({ how: 'stream_generate', prompts: [prompt], maxTokens }), maxTokens),
  )
  return {
    rate: { ours: median(ours.map(decodeRate)), peer: median(other.map(decodeRate)) },
    first: { ours: median(ours.map(ttft)), peer: median(other.map(ttft)) },
  }
}

function quotient({ ours, peer }: Pair): number {
  return ours / peer
}

function rateRow(what: string, { rate }: Beside) {
  return {
    what,
    ours: perSecond(rate.ours),
    peer: `mlx-lm stream_generate in Python: ${perSecond(rate.peer)}`,
  }
}

function ttftRow(what: string, { first }: Beside) {
  return { what, ours: milliseconds(first.ours), peer: `the same: ${milliseconds(first.peer)}` }
}
