import { z } from '@hono/zod-openapi'
import type { Chunk, TokenLogprob } from 'mlx-app'
import type { ServerEvent } from '../events.ts'
import { mcpCallsField, toMcpCalls } from '../mcp/request.ts'
import type { Step } from '../requests/prompt-progress.ts'
import { visibleText } from '../visible-text.ts'
import {
  customCallShape,
  finishReasonSchema,
  reasoningShape,
  toFinishReason,
  toolCallShape,
  toReasoning,
  toToolCall,
} from './chat-answer.ts'
import { type Envelope, envelopeShape } from './envelope.ts'
import { logprobsSchema, toLogprobs } from './logprobs.ts'
import { timingsSchema, toTimings, toUsage, usageSchema } from './usage.ts'

const choiceSchema = z.object({
  index: z.int(),
  delta: z.object({
    role: z.literal('assistant').optional(),
    content: z.string().optional(),
    ...reasoningShape,
    tool_calls: z
      .array(
        z.discriminatedUnion('type', [
          z.object({ index: z.int(), ...toolCallShape }),
          z.object({ index: z.int(), ...customCallShape }),
        ]),
      )
      .optional(),
  }),
  logprobs: logprobsSchema.nullable(),
  finish_reason: finishReasonSchema.nullable(),
})

export const chatChunkSchema = z
  .object({
    ...envelopeShape,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(choiceSchema),
    usage: usageSchema.nullish().meta({
      description:
        'On the last chunk, which has no choices, if requested with `stream_options`. Otherwise null.',
    }),
    timings: timingsSchema.optional(),
    prompt_progress: z.object({ processed: z.int(), total: z.int() }).optional().meta({
      description: 'The progress of the prefill in tokens, if requested with `return_progress`.',
    }),
    mcp_calls: mcpCallsField,
  })
  .openapi('ChatCompletionChunk')

type ChatChunk = z.output<typeof chatChunkSchema>
type Delta = ChatChunk['choices'][number]['delta']

export interface ChatEventOptions {
  includeUsage: boolean
  withLogprobs: boolean
  /** The names of the custom tools. */
  customTools: ReadonlySet<string>
}

const nothingNew = { index: 0, delta: {}, logprobs: null, finish_reason: null }

/** Converts the chunks of an answer to events, with `[DONE]` after the last one. */
export async function* chatEvents(
  envelope: Envelope,
  steps: AsyncIterable<Step>,
  { includeUsage, ...options }: ChatEventOptions,
): AsyncGenerator<ServerEvent, void> {
  const base = toBase(envelope, includeUsage)
  const event = (
    chunk: Pick<ChatChunk, 'choices' | 'usage' | 'timings' | 'prompt_progress' | 'mcp_calls'>,
  ) => ({ data: { ...base, ...chunk } satisfies ChatChunk })
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
    const writer = writers.get(chunk.index) ?? new ChoiceWriter(chunk.index, options)
    writers.set(chunk.index, writer)
    for (const choice of writer.write(chunk)) yield event({ choices: [choice] })
    if (chunk.usage !== undefined) last = chunk
  }
  if (includeUsage && last?.usage !== undefined && last.timings !== undefined) {
    yield event({ choices: [], usage: toUsage(last.usage), timings: toTimings(last.timings) })
  }
  yield { data: '[DONE]' }
}

/** Returns a heartbeat: a chunk with an empty delta. */
export function emptyChatEvent(envelope: Envelope, includeUsage: boolean): ServerEvent {
  return { data: { ...toBase(envelope, includeUsage), choices: [nothingNew] } satisfies ChatChunk }
}

function toBase(envelope: Envelope, includeUsage: boolean) {
  return {
    id: envelope.id,
    object: 'chat.completion.chunk' as const,
    created: envelope.created,
    model: envelope.model,
    system_fingerprint: envelope.system_fingerprint,
    ...(includeUsage && { usage: null }),
  }
}

/** Writes the chunks of one of the `n` answers. */
class ChoiceWriter {
  readonly #index: number
  readonly #options: Omit<ChatEventOptions, 'includeUsage'>
  #begun = false
  #calls = 0

  constructor(index: number, options: Omit<ChatEventOptions, 'includeUsage'>) {
    this.#index = index
    this.#options = options
  }

  *write(chunk: Chunk) {
    const { text, reasoning, toolCalls = [], logprobs = [], finishReason } = chunk
    if (!this.#begun) {
      this.#begun = true
      yield this.#choice({ role: 'assistant', content: '' })
    }
    let pending = logprobs
    if (reasoning) {
      yield this.#choice(toReasoning(reasoning), text === '' ? pending : [])
      if (text === '') pending = []
    }
    const content = visibleText(chunk)
    if (content !== '' || pending.length > 0) yield this.#choice({ content }, pending)
    if (toolCalls.length > 0) {
      const calls = toolCalls.map((call) => ({
        index: this.#calls++,
        ...toToolCall(call, this.#options.customTools),
      }))
      yield this.#choice({ tool_calls: calls })
    }
    if (finishReason !== undefined) yield { ...this.#choice({}), finish_reason: toFinishReason(finishReason) }
  }

  #choice(delta: Delta, logprobs: readonly TokenLogprob[] = []) {
    const converted = this.#options.withLogprobs && logprobs.length > 0 ? toLogprobs(logprobs) : null
    return { index: this.#index, delta, logprobs: converted, finish_reason: null }
  }
}
