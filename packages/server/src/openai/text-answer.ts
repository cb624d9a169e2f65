import { z } from '@hono/zod-openapi'
import type { Answer, Chunk, Usage } from 'mlx-app'
import type { ServerEvent } from '../events.ts'
import { finishReasonSchema, reasoningShape, toFinishReason, toReasoning } from './chat-answer.ts'
import { type Envelope, envelopeShape } from './envelope.ts'
import { CharacterCounter, textLogprobsSchema, toTextLogprobs } from './logprobs.ts'
import type { StreamItem } from './merge-streams.ts'
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
    ...envelopeShape,
    object: z.literal('text_completion'),
    choices: z.array(choiceSchema).meta({ description: 'The answers, in the order of the prompts.' }),
    usage: usageSchema
      .nullish()
      .meta({ description: 'The usage of all prompts together. In a stream, only on the last chunk.' }),
    timings: timingsSchema.optional().meta({ description: 'Only for a single prompt.' }),
  })
  .openapi('Completion')

type TextAnswer = z.output<typeof textAnswerSchema>

export interface TextAnswerOptions {
  prompts: readonly string[]
  /** The number of answers to each prompt. */
  n: number
  echo: boolean
  withLogprobs: boolean
  includeUsage: boolean
}

export function toTextAnswer(
  envelope: Envelope,
  answers: readonly Answer[],
  options: TextAnswerOptions,
): TextAnswer {
  const { prompts, echo, withLogprobs } = options
  const choices = answers.flatMap((answer, prompt) =>
    answer.choices.map(({ text, reasoning, logprobs, finishReason }) => ({
      text: echo ? `${prompts[prompt]}${text}` : text,
      ...toReasoning(reasoning),
      logprobs: withLogprobs ? toTextLogprobs(logprobs, new CharacterCounter()) : null,
      finish_reason: toFinishReason(finishReason),
    })),
  )
  return {
    ...base(envelope),
    choices: choices.map((choice, index) => ({ index, ...choice })),
    ...totals(answers),
  }
}

/** Converts the chunks of the answers to events, with `[DONE]` after the last one. */
export async function* textEvents(
  envelope: Envelope,
  chunks: AsyncIterable<StreamItem<Chunk>>,
  { prompts, n, echo, withLogprobs, includeUsage }: TextAnswerOptions,
): AsyncGenerator<ServerEvent, void> {
  const event = (chunk: Pick<TextAnswer, 'choices' | 'usage' | 'timings'>) => ({
    data: { ...base(envelope), ...(includeUsage && { usage: null }), ...chunk } satisfies TextAnswer,
  })
  const counters = new Map<number, CharacterCounter>()
  const last: Chunk[] = []
  for await (const { source, item } of chunks) {
    const { text, reasoning, logprobs = [], finishReason } = item
    const index = source * n + item.index
    const known = counters.get(index)
    const counter = known ?? new CharacterCounter()
    counters.set(index, counter)
    const written = echo && known === undefined ? `${prompts[source]}${text}` : text
    if (written !== '' || reasoning || logprobs.length > 0) {
      const converted = withLogprobs ? toTextLogprobs(logprobs, counter) : null
      const choice = {
        index,
        text: written,
        ...toReasoning(reasoning),
        logprobs: converted,
        finish_reason: null,
      }
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

/** Returns a heartbeat: a chunk without text. */
export function emptyTextEvent(envelope: Envelope, includeUsage: boolean): ServerEvent {
  const choices = [{ index: 0, text: '', logprobs: null, finish_reason: null }]
  return { data: { ...base(envelope), ...(includeUsage && { usage: null }), choices } satisfies TextAnswer }
}

function base(envelope: Envelope) {
  return {
    id: envelope.id,
    object: 'text_completion' as const,
    created: envelope.created,
    model: envelope.model,
    system_fingerprint: envelope.system_fingerprint,
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
