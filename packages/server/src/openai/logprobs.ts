import { z } from '@hono/zod-openapi'
import type { TokenLogprob } from 'mlx-app'

const alternative = z.object({
  token: z.string(),
  id: z.int().meta({ description: 'In the vocabulary of the model; not a part of OpenAI’s API.' }),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable().meta({
    description: 'The token in UTF-8; null for a token that is a part of a character.',
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

/** As chat completions tell it. */
export function toLogprobs(entries: readonly TokenLogprob[]): z.output<typeof logprobsSchema> {
  return {
    content: entries.map((entry) => ({ ...toTokenEntry(entry), top_logprobs: entry.top.map(toTokenEntry) })),
    refusal: null,
  }
}

/**
 * As completions tell it.
 *
 * @param offset characters of the tokens before these.
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
/** What stands for bytes that are no character by themselves. */
const replacement = '\ufffd'

function toTokenEntry({ token, tokenId, logprob }: Omit<TokenLogprob, 'top'>) {
  const bytes = token.includes(replacement) ? null : [...encoder.encode(token)]
  return { token, id: tokenId, logprob, bytes }
}
