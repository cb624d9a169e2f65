import { z } from '@hono/zod-openapi'
import type { Answer, Choice, FinishReason, ToolCall, ToolError } from 'mlx-app'
import { mcpCallsField } from '../mcp/rounds.ts'
import { writeArguments } from '../requests/tools.ts'
import { logprobsSchema, toLogprobs } from './logprobs.ts'
import { timingsSchema, toTimings, toUsage, usageSchema } from './usage.ts'

export const finishReasonSchema = z.enum(['stop', 'length', 'tool_calls', 'content_filter'])

/** Returns a finish reason of OpenAI's API, which has no word for `other`. */
export function toFinishReason(reason: FinishReason): z.output<typeof finishReasonSchema> {
  return reason === 'other' ? 'stop' : reason
}

export const toolCallShape = {
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
}

const toolCallSchema = z.object(toolCallShape)

/**
 * What the model thought stands in two fields: `reasoning_content` is what DeepSeek's API has and most clients read,
 * `reasoning` what vLLM, mlx_lm.server and OpenRouter have. Clients of either kind find it, and none of those that
 * read both shows it twice, since they take the second for want of the first.
 */
export const reasoningShape = {
  reasoning_content: z.string().optional(),
  reasoning: z.string().optional().meta({ description: 'The same as `reasoning_content`.' }),
}

export function toReasoning(reasoning: string | undefined) {
  return reasoning ? { reasoning_content: reasoning, reasoning } : {}
}

/** What all chunks of one answer, or the whole, have in common. */
export const headShape = {
  id: z.string(),
  created: z.int().meta({ description: 'When it was asked for, in seconds since 1970.' }),
  model: z.string(),
  system_fingerprint: z
    .string()
    .meta({ description: 'Another one where the model or the versions of MLX and mlx-lm differ.' }),
}

export interface Head {
  id: string
  created: number
  model: string
  system_fingerprint: string
}

export const chatAnswerSchema = z
  .object({
    ...headShape,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          refusal: z.null(),
          ...reasoningShape,
          tool_calls: z.array(toolCallSchema).optional(),
        }),
        logprobs: logprobsSchema.nullable(),
        finish_reason: finishReasonSchema,
      }),
    ),
    usage: usageSchema,
    timings: timingsSchema,
    mcp_calls: mcpCallsField,
  })
  .openapi('ChatCompletion')

export function toChatAnswer(
  head: Head,
  answer: Answer,
  withLogprobs: boolean,
): z.output<typeof chatAnswerSchema> {
  return {
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    system_fingerprint: head.system_fingerprint,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: toMessage(choice),
      logprobs: withLogprobs ? toLogprobs(choice.logprobs) : null,
      finish_reason: toFinishReason(choice.finishReason),
    })),
    usage: toUsage(answer.usage),
    timings: toTimings(answer.timings),
  }
}

function toMessage({ text, reasoning, toolCalls, toolErrors }: Choice) {
  const content = text + textOf(toolErrors)
  const calls = toolCalls.map(toCall)
  return {
    role: 'assistant' as const,
    content: content === '' && calls.length > 0 ? null : content,
    refusal: null,
    ...toReasoning(reasoning),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

/** What stood where a call stands and is none: a client that saw nothing of it would take the answer for empty. */
export function textOf(toolErrors: readonly ToolError[] = []): string {
  return toolErrors.map(({ raw }) => raw).join('')
}

export function toCall({ id, name, arguments: values }: ToolCall): z.output<typeof toolCallSchema> {
  return { id, type: 'function', function: { name, arguments: writeArguments(values) } }
}
