import type { EventOf, Usage } from '../protocol.ts'
import type { Timings } from '../results.ts'
import { tokensPerSecond } from '../token-rate.ts'

type Done = EventOf<'done'>

/** Returns the token counts of a call: its prompt once, and the tokens of all its sequences. */
export function sumUsage(ends: readonly Done[]): Usage {
  const sum = (key: keyof Usage) => ends.reduce((total, { usage }) => total + usage[key], 0)
  const first = ends.find(({ index }) => index === 0)
  return {
    promptTokens: first?.usage.promptTokens ?? 0,
    cachedTokens: first?.usage.cachedTokens ?? 0,
    completionTokens: sum('completionTokens'),
    reasoningTokens: sum('reasoningTokens'),
    draftTokens: sum('draftTokens'),
  }
}

/**
 * Returns the timings of a call, from the worker's measurements and the caller's clock.
 *
 * @param started `performance.now()` at the start of the call
 * @param firstTokenAt `performance.now()` at its first token
 */
export function measureTimings(
  started: number,
  firstTokenAt: number,
  usage: Usage,
  ends: readonly Done[],
): Timings {
  const [first] = ends
  const generationMs = Math.max(...ends.map(({ timings }) => timings.generationMs))
  return {
    ttftMs: firstTokenAt - started,
    totalMs: performance.now() - started,
    queueMs: first?.timings.queueMs ?? 0,
    tokensPerSecond: tokensPerSecond(usage.completionTokens - ends.length, generationMs),
    promptTokensPerSecond: tokensPerSecond(
      usage.promptTokens - usage.cachedTokens,
      first?.timings.promptMs ?? 0,
    ),
  }
}
