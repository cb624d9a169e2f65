import { z } from '@hono/zod-openapi'
import type { Answer, Choice, FinishReason, ToolCall } from 'mlx-app'
import { mcpCallsField } from '../mcp/request.ts'
import { toCustomInput } from '../requests/custom-tools.ts'
import { writeArguments } from '../requests/tools.ts'
import { visibleText } from '../visible-text.ts'
import { type Envelope, envelopeShape } from './envelope.ts'
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

export const customCallShape = {
  id: z.string(),
  type: z.literal('custom'),
  custom: z.object({ name: z.string(), input: z.string().meta({ description: 'The text of the call.' }) }),
}

const toolCallSchema = z.discriminatedUnion('type', [z.object(toolCallShape), z.object(customCallShape)])

/**
 * The reasoning of the model, in two fields. Most clients read `reasoning_content`, as in DeepSeek's API. Others read
 * `reasoning`, as in vLLM, mlx_lm.server and OpenRouter. Clients that know both use only one of them.
 */
export const reasoningShape = {
  reasoning_content: z.string().optional(),
  reasoning: z.string().optional().meta({ description: 'The same as `reasoning_content`.' }),
}

export function toReasoning(reasoning: string | undefined) {
  return reasoning ? { reasoning_content: reasoning, reasoning } : {}
}

export const chatAnswerSchema = z
  .object({
    ...envelopeShape,
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
  envelope: Envelope,
  answer: Answer,
  { withLogprobs, customTools }: { withLogprobs: boolean; customTools: ReadonlySet<string> },
): z.output<typeof chatAnswerSchema> {
  return {
    id: envelope.id,
    object: 'chat.completion',
    created: envelope.created,
    model: envelope.model,
    system_fingerprint: envelope.system_fingerprint,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: toMessage(choice, customTools),
      logprobs: withLogprobs ? toLogprobs(choice.logprobs) : null,
      finish_reason: toFinishReason(choice.finishReason),
    })),
    usage: toUsage(answer.usage),
    timings: toTimings(answer.timings),
  }
}

function toMessage(choice: Choice, customTools: ReadonlySet<string>) {
  const { reasoning, toolCalls } = choice
  const content = visibleText(choice)
  const calls = toolCalls.map((call) => toToolCall(call, customTools))
  return {
    role: 'assistant' as const,
    content: content === '' && calls.length > 0 ? null : content,
    refusal: null,
    ...toReasoning(reasoning),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

/** @param customTools the names of the custom tools, whose calls have a text in place of arguments. */
export function toToolCall(
  { id, name, arguments: values }: ToolCall,
  customTools: ReadonlySet<string>,
): z.output<typeof toolCallSchema> {
  if (customTools.has(name)) return { id, type: 'custom', custom: { name, input: toCustomInput(values) } }
  return { id, type: 'function', function: { name, arguments: writeArguments(values) } }
}
