import { z } from '@hono/zod-openapi'
import type { TokenLogprob } from 'mlx-app'

const alternative = z.object({
  token: z.string(),
  id: z.int().meta({ description: 'The token ID in the model’s vocabulary. Not part of OpenAI’s API.' }),
  logprob: z.number(),
  bytes: z.array(z.int()).meta({
    description: 'The UTF-8 bytes that the token adds to the text, which may be a part of a character.',
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

/** Counts the characters of a text whose tokens arrive one by one. A character may take several tokens. */
export class CharacterCounter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #characters = 0

  /** Returns the number of characters that were complete before a token. */
  add(bytes: readonly number[]): number {
    const before = this.#characters
    const text = this.#decoder.decode(Uint8Array.from(bytes), { stream: true })
    this.#characters += [...text].length
    return before
  }
}

/**
 * Converts log probabilities to the format of completions.
 *
 * @param counter has counted the characters of earlier tokens.
 */
export function toTextLogprobs(
  entries: readonly TokenLogprob[],
  counter: CharacterCounter,
): z.output<typeof textLogprobsSchema> {
  return {
    tokens: entries.map(toTokenText),
    token_logprobs: entries.map(({ logprob }) => logprob),
    top_logprobs: entries.map(({ top }) =>
      Object.fromEntries(top.map((other) => [toTokenText(other), other.logprob])),
    ),
    text_offset: entries.map(({ bytes }) => counter.add(bytes)),
  }
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true })

/** Returns the text of a token, and for a part of a character its bytes as OpenAI writes them: `bytes:\\xf0\\x9f`. */
function toTokenText({ bytes, token }: Pick<TokenLogprob, 'bytes' | 'token'>): string {
  try {
    strictDecoder.decode(Uint8Array.from(bytes))
    return token
  } catch {
    // Only a part of a character.
    return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`
  }
}

function toTokenEntry({ token, bytes, tokenId, logprob }: Omit<TokenLogprob, 'top'>) {
  return { token, id: tokenId, logprob, bytes }
}
