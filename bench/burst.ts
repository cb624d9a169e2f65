import * as z from 'zod'
import type { Engine, GenerateOptions } from '../packages/engine/src/engine/index.ts'
import { median } from './measure.ts'

/** Calls that start together. Milliseconds count from there; a stream's tokens are those that its caller got. */
export const burstSchema = z.object({
  totalMs: z.number(),
  streams: z.array(z.object({ firstMs: z.number(), lastMs: z.number(), tokens: z.int().min(1) })).min(1),
})

export type Burst = z.infer<typeof burstSchema>

/** Runs calls together through the engine. */
export async function engineBurst(engine: Engine, calls: readonly GenerateOptions[]): Promise<Burst> {
  const started = performance.now()
  const streams = await Promise.all(
    calls.map(async (call) => {
      let [firstMs, lastMs, tokens] = [0, 0, 0]
      for await (const chunk of engine.generate(call)) {
        lastMs = performance.now() - started
        firstMs ||= lastMs
        tokens = chunk.usage?.completionTokens ?? tokens
      }
      return { firstMs, lastMs, tokens }
    }),
  )
  return { totalMs: performance.now() - started, streams }
}

/** Tokens of all streams per second, from the start of the burst to its end. */
export function throughput({ totalMs, streams }: Burst): number {
  return (streams.reduce((sum, { tokens }) => sum + tokens, 0) * 1000) / totalMs
}

/** Tokens per second of a stream once it has begun, the middle one. */
export function decodeRate({ streams }: Burst): number {
  return median(streams.map(({ firstMs, lastMs, tokens }) => ((tokens - 1) * 1000) / (lastMs - firstMs)))
}

/** Time to first token, the middle stream's. */
export function ttft({ streams }: Burst): number {
  return median(streams.map(({ firstMs }) => firstMs))
}

/** A burst as it is, or an error where a stream has not as many tokens as it was asked for. */
export function complete(burst: Burst, maxTokens: number): Burst {
  const short = burst.streams.find(({ tokens }) => tokens !== maxTokens)
  if (short !== undefined) throw new Error(`A stream has ${short.tokens} tokens, not ${maxTokens}.`)
  return burst
}
