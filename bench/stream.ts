import { createEngine } from '../templates/engine/src/engine/index.ts'
import { complete, decodeRate, engineBurst, ttft } from './burst.ts'
import { inTurns, median, rounds } from './measure.ts'
import { startMlxLmPeer } from './mlx-lm-peer.ts'
import { largeModel } from './models.ts'
import { atLeast, difference, milliseconds, perSecond, type Row } from './table.ts'
import { python } from './workshop.ts'

const maxTokens = 100
/** Short, so that the time to the first token shows what the engine adds and not how long the prefill takes. */
const prompt = 'A stream.'

/**
 * One stream on a llama of some 75 million random parameters, through the engine and raw in Python by mlx-lm's
 * stream_generate, both processes warm. Medians of 11.
 */
export async function benchStream(workshop: string): Promise<Row[]> {
  const model = (await largeModel(workshop)).path
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model })
  await using peer = await startMlxLmPeer(model)
  const call = { model, prompt, maxTokens, promptCache: false }
  const sides = await inTurns(
    rounds(11),
    async () => complete(await engineBurst(engine, [call]), maxTokens),
    async () => complete(await peer.ask({ how: 'stream_generate', prompts: [prompt], maxTokens }), maxTokens),
  )
  const rate = { ours: median(sides.ours.map(decodeRate)), peer: median(sides.peer.map(decodeRate)) }
  const first = { ours: median(sides.ours.map(ttft)), peer: median(sides.peer.map(ttft)) }
  return [
    {
      what: 'decode, one stream, ~75M parameters',
      ours: perSecond(rate.ours),
      peer: `mlx-lm stream_generate in Python: ${perSecond(rate.peer)}`,
      ...atLeast(rate.ours / rate.peer, 0.97),
    },
    {
      what: 'TTFT, the same',
      ours: milliseconds(first.ours),
      peer: `the same: ${milliseconds(first.peer)}`,
      result: difference(first.ours - first.peer),
      bar: '<= +5 ms',
      met: first.ours - first.peer <= 5,
    },
  ]
}
