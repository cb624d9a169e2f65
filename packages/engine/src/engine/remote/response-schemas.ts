import * as z from 'zod'

// Unknown fields are ignored, and null means the same as a missing field, because servers differ in both.
const count = z.int().min(0)

const logprob = z.object({
  token: z.string(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
  id: count.nullish(),
  logprob: z.number(),
})

const toolCall = z.object({
  index: count.nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
})

const delta = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
})

const choice = z.object({
  index: count.nullish(),
  /** The new part of a chat's answer. */
  delta: delta.nullish(),
  /** The new text for a raw prompt. */
  text: z.string().nullish(),
  finish_reason: z.string().nullish(),
  logprobs: z
    .object({ content: z.array(logprob.extend({ top_logprobs: z.array(logprob).nullish() })).nullish() })
    .nullish(),
})

const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
  completion_tokens_details: z
    .object({ reasoning_tokens: count.nullish(), accepted_prediction_tokens: count.nullish() })
    .nullish(),
})

/** One event of a streamed answer to a chat or raw prompt. */
export const pieceSchema = z.object({
  model: z.string().nullish(),
  choices: z.array(choice).nullish(),
  usage: usage.nullish(),
  /** The field of llama.cpp's server and of create-mlx-app's. */
  prompt_progress: z.object({ processed: count, total: count }).nullish(),
  error: z.unknown().optional(),
})

export type Choice = z.output<typeof choice>
export type RemoteCall = z.output<typeof toolCall>
export type RemoteUsage = z.output<typeof usage>

/** The list of a server's models. */
export const modelListSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      /** vLLM and others send it, and OpenAI does not. */
      max_model_len: z.int().min(1).nullish(),
    }),
  ),
})

export const embeddingsSchema = z.object({
  model: z.string().nullish(),
  data: z.array(z.object({ index: count.nullish(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: count.nullish() }).nullish(),
})
