import * as z from 'zod'
import type { Engine, GenerateOptions } from '../packages/engine/src/engine/index.ts'
import { median } from './measure.ts'

/** A set of calls that start at the same time. Times are milliseconds since then. */
export const burstSchema = z.object({
  totalMs: z.number(),
  streams: z.array(z.object({ firstMs: z.number(), lastMs: z.number(), tokens: z.int().min(1) })).min(1),
})

export type Burst = z.infer<typeof burstSchema>

/** Runs calls concurrently through the engine. */
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

/** Returns the tokens per second of all streams together, over the whole burst. */
export function throughput({ totalMs, streams }: Burst): number {
  return (streams.reduce((sum, { tokens }) => sum + tokens, 0) * 1000) / totalMs
}

/** Returns the median decode rate of the streams in tokens per second, from the first token on. */
export function decodeRate({ streams }: Burst): number {
  return median(streams.map(({ firstMs, lastMs, tokens }) => ((tokens - 1) * 1000) / (lastMs - firstMs)))
}

/** Returns the median time to first token in milliseconds. */
export function ttft({ streams }: Burst): number {
  return median(streams.map(({ firstMs }) => firstMs))
}

/** Returns the burst if every stream has `maxTokens` tokens. @throws Error otherwise. */
export function requireComplete(burst: Burst, maxTokens: number): Burst {
  const incomplete = burst.streams.find(({ tokens }) => tokens !== maxTokens)
  if (incomplete !== undefined) {
    throw new Error(`A stream has ${incomplete.tokens} tokens instead of ${maxTokens}.`)
  }
  return burst
}
