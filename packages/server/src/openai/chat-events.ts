import { z } from '@hono/zod-openapi'
import type { Chunk, TokenLogprob } from 'mlx-app'
import type { ServerEvent } from '../events.ts'
import { mcpCallsField, toMcpCalls } from '../mcp/rounds.ts'
import {
  finishReasonSchema,
  type Head,
  headShape,
  reasoningShape,
  textOf,
  toCall,
  toFinishReason,
  toolCallShape,
  toReasoning,
} from './chat-answer.ts'
import { logprobsSchema, toLogprobs } from './logprobs.ts'
import type { Step } from './prompt-progress.ts'
import { timingsSchema, toTimings, toUsage, usageSchema } from './usage.ts'

const choiceSchema = z.object({
  index: z.int(),
  delta: z.object({
    role: z.literal('assistant').optional(),
    content: z.string().optional(),
    ...reasoningShape,
    tool_calls: z.array(z.object({ index: z.int(), ...toolCallShape })).optional(),
  }),
  logprobs: logprobsSchema.nullable(),
  finish_reason: finishReasonSchema.nullable(),
})

export const chatChunkSchema = z
  .object({
    ...headShape,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(choiceSchema),
    usage: usageSchema
      .nullish()
      .meta({ description: 'On the last chunk, which has no choices, where it was asked for; else null.' }),
    timings: timingsSchema.optional(),
    prompt_progress: z
      .object({ processed: z.int(), total: z.int() })
      .optional()
      .meta({ description: 'Tokens of the prompt that were read, with `return_progress`.' }),
    mcp_calls: mcpCallsField,
  })
  .openapi('ChatCompletionChunk')

type ChatChunk = z.output<typeof chatChunkSchema>
type Delta = ChatChunk['choices'][number]['delta']

export interface ChatEventOptions {
  includeUsage: boolean
  withLogprobs: boolean
}

const nothingNew = { index: 0, delta: {}, logprobs: null, finish_reason: null }

/** The chunks of an answer as events, with `[DONE]` after the last one. */
export async function* chatEvents(
  head: Head,
  steps: AsyncIterable<Step>,
  { includeUsage, withLogprobs }: ChatEventOptions,
): AsyncGenerator<ServerEvent, void> {
  const base = {
    id: head.id,
    object: 'chat.completion.chunk' as const,
    created: head.created,
    model: head.model,
    system_fingerprint: head.system_fingerprint,
  }
  const event = (
    chunk: Pick<ChatChunk, 'choices' | 'usage' | 'timings' | 'prompt_progress' | 'mcp_calls'>,
  ) => ({
    data: { ...base, ...(includeUsage && { usage: null }), ...chunk } satisfies ChatChunk,
  })
  const writers = new Map<number, ChoiceWriter>()
  let last: Chunk | undefined
  for await (const step of steps) {
    if ('progress' in step) {
      const { processedTokens: processed, totalTokens: total } = step.progress
      yield event({ choices: [nothingNew], prompt_progress: { processed, total } })
      continue
    }
    const { chunk } = step
    if (chunk.toolRuns !== undefined) {
      yield event({ choices: [nothingNew], mcp_calls: toMcpCalls(chunk.toolRuns) })
      continue
    }
    const writer = writers.get(chunk.index) ?? new ChoiceWriter(chunk.index, withLogprobs)
    writers.set(chunk.index, writer)
    for (const choice of writer.write(chunk)) yield event({ choices: [choice] })
    if (chunk.usage !== undefined) last = chunk
  }
  if (includeUsage && last?.usage !== undefined && last.timings !== undefined) {
    yield event({ choices: [], usage: toUsage(last.usage), timings: toTimings(last.timings) })
  }
  yield { data: '[DONE]' }
}

/** One of the `n` answers. */
class ChoiceWriter {
  readonly #index: number
  readonly #withLogprobs: boolean
  #begun = false
  #calls = 0

  constructor(index: number, withLogprobs: boolean) {
    this.#index = index
    this.#withLogprobs = withLogprobs
  }

  *write({ text, reasoning, toolCalls = [], toolErrors, logprobs = [], finishReason }: Chunk) {
    if (!this.#begun) {
      this.#begun = true
      yield this.#choice({ role: 'assistant', content: '' })
    }
    let told = logprobs
    if (reasoning) {
      yield this.#choice(toReasoning(reasoning), text === '' ? told : [])
      if (text === '') told = []
    }
    const content = text + textOf(toolErrors)
    if (content !== '' || told.length > 0) yield this.#choice({ content }, told)
    if (toolCalls.length > 0) {
      const calls = toolCalls.map((call) => ({ index: this.#calls++, ...toCall(call) }))
      yield this.#choice({ tool_calls: calls })
    }
    if (finishReason !== undefined) yield { ...this.#choice({}), finish_reason: toFinishReason(finishReason) }
  }

  #choice(delta: Delta, logprobs: readonly TokenLogprob[] = []) {
    const told = this.#withLogprobs && logprobs.length > 0 ? toLogprobs(logprobs) : null
    return { index: this.#index, delta, logprobs: told, finish_reason: null }
  }
}
