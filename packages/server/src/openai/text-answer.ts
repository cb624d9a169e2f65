import { z } from '@hono/zod-openapi'
import type { Answer, Chunk, Usage } from 'mlx-app'
import type { ServerEvent } from '../events.ts'
import {
  finishReasonSchema,
  type Head,
  headShape,
  reasoningShape,
  toFinishReason,
  toReasoning,
} from './chat-answer.ts'
import { textLogprobsSchema, toTextLogprobs } from './logprobs.ts'
import type { Merged } from './merge.ts'
import { timingsSchema, toTimings, toUsage, usageSchema } from './usage.ts'

const choiceSchema = z.object({
  index: z.int(),
  text: z.string(),
  ...reasoningShape,
  logprobs: textLogprobsSchema.nullable(),
  finish_reason: finishReasonSchema.nullable(),
})

export const textAnswerSchema = z
  .object({
    ...headShape,
    object: z.literal('text_completion'),
    choices: z.array(choiceSchema).meta({ description: 'The answers to the first prompt first.' }),
    usage: usageSchema
      .nullish()
      .meta({ description: 'Of all prompts together; in a stream only on its last chunk.' }),
    timings: timingsSchema.optional().meta({ description: 'Where there is one prompt.' }),
  })
  .openapi('Completion')

type TextAnswer = z.output<typeof textAnswerSchema>

export interface TextAnswerOptions {
  prompts: readonly string[]
  /** Answers to each prompt. */
  n: number
  echo: boolean
  withLogprobs: boolean
  includeUsage: boolean
}

export function toTextAnswer(head: Head, answers: readonly Answer[], options: TextAnswerOptions): TextAnswer {
  const { prompts, echo, withLogprobs } = options
  const choices = answers.flatMap((answer, prompt) =>
    answer.choices.map(({ text, reasoning, logprobs, finishReason }) => ({
      text: echo ? `${prompts[prompt]}${text}` : text,
      ...toReasoning(reasoning),
      logprobs: withLogprobs ? toTextLogprobs(logprobs, 0) : null,
      finish_reason: toFinishReason(finishReason),
    })),
  )
  return {
    ...base(head),
    choices: choices.map((choice, index) => ({ index, ...choice })),
    ...totals(answers),
  }
}

/** The chunks of the answers as events, with `[DONE]` after the last one. */
export async function* textEvents(
  head: Head,
  chunks: AsyncIterable<Merged<Chunk>>,
  { prompts, n, echo, withLogprobs, includeUsage }: TextAnswerOptions,
): AsyncGenerator<ServerEvent, void> {
  const event = (chunk: Pick<TextAnswer, 'choices' | 'usage' | 'timings'>) => ({
    data: { ...base(head), ...(includeUsage && { usage: null }), ...chunk } satisfies TextAnswer,
  })
  /** Characters of the tokens so far, by the index of the choice. */
  const offsets = new Map<number, number>()
  const last: Chunk[] = []
  for await (const { source, item } of chunks) {
    const { text, reasoning, logprobs = [], finishReason } = item
    const index = source * n + item.index
    const offset = offsets.get(index)
    const written = echo && offset === undefined ? `${prompts[source]}${text}` : text
    offsets.set(index, (offset ?? 0) + logprobs.reduce((sum, { token }) => sum + token.length, 0))
    if (written !== '' || reasoning || logprobs.length > 0) {
      const told = withLogprobs ? toTextLogprobs(logprobs, offset ?? 0) : null
      const choice = { index, text: written, ...toReasoning(reasoning), logprobs: told, finish_reason: null }
      yield event({ choices: [choice] })
    }
    if (finishReason !== undefined) {
      const choice = { index, text: '', logprobs: null, finish_reason: toFinishReason(finishReason) }
      yield event({ choices: [choice] })
    }
    if (item.usage !== undefined) last.push(item)
  }
  if (includeUsage) yield event({ choices: [], ...totals(last) })
  yield { data: '[DONE]' }
}

function base(head: Head) {
  return {
    id: head.id,
    object: 'text_completion' as const,
    created: head.created,
    model: head.model,
    system_fingerprint: head.system_fingerprint,
  }
}

function totals(parts: readonly Pick<Chunk, 'usage' | 'timings'>[]): Pick<TextAnswer, 'usage' | 'timings'> {
  const usages = parts.flatMap(({ usage = [] }) => usage)
  const timings = parts.length === 1 ? parts[0]?.timings : undefined
  const sum = (key: keyof Usage) => usages.reduce((total, usage) => total + usage[key], 0)
  return {
    usage: toUsage({
      promptTokens: sum('promptTokens'),
      cachedTokens: sum('cachedTokens'),
      completionTokens: sum('completionTokens'),
      reasoningTokens: sum('reasoningTokens'),
      draftTokens: sum('draftTokens'),
    }),
    ...(timings !== undefined && { timings: toTimings(timings) }),
  }
}
