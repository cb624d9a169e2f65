import { z } from '@hono/zod-openapi'
import type { Timings, Usage } from 'mlx-app'

const count = z.int().min(0)
const milliseconds = z.number().min(0)

export const usageSchema = z
  .object({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: z
      .object({ cached_tokens: count })
      .meta({ description: 'The prompt tokens that came from the prefix cache.' }),
    completion_tokens_details: z
      .object({ reasoning_tokens: count, accepted_prediction_tokens: count })
      .meta({ description: 'The reasoning tokens, and the accepted tokens of a draft model.' }),
  })
  .openapi('Usage')

export const timingsSchema = z
  .object({
    ttft_ms: milliseconds.meta({ description: 'Time to first token.' }),
    total_ms: milliseconds,
    queue_ms: milliseconds.meta({ description: 'Time until the request had a place in the batch.' }),
    tokens_per_second: z.number().min(0),
    prompt_tokens_per_second: z.number().min(0),
  })
  .openapi('Timings', {
    description: 'Durations measured by the server. Not part of OpenAI’s API.',
  })

export function toUsage(usage: Usage): z.output<typeof usageSchema> {
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens, draftTokens } = usage
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens, accepted_prediction_tokens: draftTokens },
  }
}

export function toTimings(timings: Timings): z.output<typeof timingsSchema> {
  return {
    ttft_ms: timings.ttftMs,
    total_ms: timings.totalMs,
    queue_ms: timings.queueMs,
    tokens_per_second: timings.tokensPerSecond,
    prompt_tokens_per_second: timings.promptTokensPerSecond,
  }
}
