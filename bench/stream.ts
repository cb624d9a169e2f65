import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { createEngine } from '../templates/engine/src/engine/index.ts'
import { inTurns, median } from './measure.ts'
import { milliseconds, type Row, ratio } from './table.ts'
import { python, root } from './workshop.ts'

const rounds = 11
const maxTokens = 100
/** Short, so that the time to the first token shows what the engine adds and not how long the prefill takes. */
const prompt = 'A stream.'
const measuredSchema = z.object({ ttftMs: z.number(), tokensPerSecond: z.number(), tokens: z.number() })

/**
 * One stream on a llama of some 75 million random parameters, through the engine and raw in Python by mlx-lm's
 * stream_generate, both processes warm. Medians of 11.
 */
export async function benchStream(workshop: string): Promise<Row[]> {
  const model = join(workshop, 'stand-in')
  await execa(python, [join(root, 'scripts', 'hello', 'stand_in.py'), model])
  await using engine = await createEngine({ python, device: 'cpu' })
  await engine.loadModel({ model })
  await using peer = await startPeer(model)
  const sides = await inTurns(
    rounds,
    async () => {
      const { timings, usage } = await engine.complete({ model, prompt, maxTokens })
      return {
        ttftMs: timings.ttftMs,
        tokensPerSecond: timings.tokensPerSecond,
        tokens: usage.completionTokens,
      }
    },
    () => peer.ask({ prompt, maxTokens }),
  )
  for (const side of [...sides.ours, ...sides.peer]) {
    if (side.tokens !== maxTokens) throw new Error(`A stream ended after ${side.tokens} tokens.`)
  }
  const rate = medians(sides, 'tokensPerSecond')
  const ttft = medians(sides, 'ttftMs')
  return [
    {
      what: 'tokens/s, one stream, ~75M parameters',
      ours: rate.ours.toFixed(1),
      peer: `mlx-lm stream_generate in Python: ${rate.peer.toFixed(1)}`,
      result: ratio(rate.ours / rate.peer),
      bar: '>= 0.97 times',
      met: rate.ours / rate.peer >= 0.97,
    },
    {
      what: 'TTFT, the same',
      ours: milliseconds(ttft.ours),
      peer: `the same: ${milliseconds(ttft.peer)}`,
      result: `${ttft.ours >= ttft.peer ? '+' : ''}${(ttft.ours - ttft.peer).toFixed(1)} ms`,
      bar: '<= +5 ms',
      met: ttft.ours - ttft.peer <= 5,
    },
  ]
}

type Measured = z.infer<typeof measuredSchema>

function medians(sides: { ours: Measured[]; peer: Measured[] }, key: keyof Measured) {
  return {
    ours: median(sides.ours.map((measured) => measured[key])),
    peer: median(sides.peer.map((measured) => measured[key])),
  }
}

/** A Python process that loads the model once and measures a stream for each line that it gets. */
async function startPeer(model: string) {
  const script = fileURLToPath(new URL('stream_peer.py', import.meta.url))
  const child = spawn(python, [script, model], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  await lines.next()
  return {
    async ask(request: { prompt: string; maxTokens: number }): Promise<Measured> {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return measuredSchema.parse(JSON.parse((await lines.next()).value ?? ''))
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    },
  }
}
