import { z } from '@hono/zod-openapi'
import type { TokenLogprob } from 'mlx-app'

const alternative = z.object({
  token: z.string(),
  id: z.int().meta({ description: 'The token ID in the model’s vocabulary. Not part of OpenAI’s API.' }),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable().meta({
    description: 'The UTF-8 bytes of the token, or null if it is only part of a character.',
  }),
})

export const logprobsSchema = z
  .object({
    content: z.array(alternative.extend({ top_logprobs: z.array(alternative) })),
    refusal: z.null(),
  })
  .openapi('ChatLogprobs')

export const textLogprobsSchema = z
  .object({
    tokens: z.array(z.string()),
    token_logprobs: z.array(z.number()),
    top_logprobs: z.array(z.record(z.string(), z.number())),
    text_offset: z.array(z.int()),
  })
  .openapi('TextLogprobs')

/** Converts log probabilities to the format of chat completions. */
export function toLogprobs(entries: readonly TokenLogprob[]): z.output<typeof logprobsSchema> {
  return {
    content: entries.map((entry) => ({ ...toTokenEntry(entry), top_logprobs: entry.top.map(toTokenEntry) })),
    refusal: null,
  }
}

/**
 * Converts log probabilities to the format of completions.
 *
 * @param offset the number of characters in earlier tokens.
 */
export function toTextLogprobs(
  entries: readonly TokenLogprob[],
  offset: number,
): z.output<typeof textLogprobsSchema> {
  let before = offset
  return {
    tokens: entries.map(({ token }) => token),
    token_logprobs: entries.map(({ logprob }) => logprob),
    top_logprobs: entries.map(({ top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: entries.map(({ token }) => {
      const start = before
      before += token.length
      return start
    }),
  }
}

const encoder = new TextEncoder()
/** The replacement character, which stands for incomplete UTF-8. */
const replacement = '\ufffd'

function toTokenEntry({ token, tokenId, logprob }: Omit<TokenLogprob, 'top'>) {
  const bytes = token.includes(replacement) ? null : [...encoder.encode(token)]
  return { token, id: tokenId, logprob, bytes }
}
