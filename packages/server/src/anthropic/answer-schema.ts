import { z } from '@hono/zod-openapi'

const count = z.int().min(0)

export const usageSchema = z
  .object({
    input_tokens: count.meta({ description: 'The prompt tokens that did not come from the prefix cache.' }),
    cache_creation_input_tokens: count.meta({
      description: 'Always 0, because caching a prompt costs nothing.',
    }),
    cache_read_input_tokens: count.meta({
      description: 'The prompt tokens that came from the prefix cache.',
    }),
    output_tokens: count,
    output_tokens_details: z.object({ thinking_tokens: count }),
  })
  .openapi('AnthropicUsage')

const textSchema = z.object({ type: z.literal('text'), text: z.string() }).openapi('AnthropicText')

const thinkingSchema = z
  .object({
    type: z.literal('thinking'),
    thinking: z.string(),
    signature: z.string().meta({ description: 'A placeholder for clients that require a signature.' }),
  })
  .openapi('AnthropicThinkingBlock')

const toolUseSchema = z
  .object({
    type: z.literal('tool_use'),
    id: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
    caller: z.object({ type: z.literal('direct') }),
  })
  .openapi('AnthropicToolUse')

const blockSchema = z
  .discriminatedUnion('type', [textSchema, thinkingSchema, toolUseSchema])
  .openapi('AnthropicBlock')

const stopReasonSchema = z
  .enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'model_context_window_exceeded', 'refusal'])
  .openapi('AnthropicStopReason')

const endShape = {
  stop_reason: stopReasonSchema.nullable(),
  stop_sequence: z
    .string()
    .nullable()
    .meta({ description: 'The entry of `stop_sequences` that ended the text.' }),
  stop_details: z.null(),
  container: z.null(),
}

export const messageSchema = z
  .object({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(blockSchema),
    ...endShape,
    diagnostics: z.null(),
    usage: usageSchema,
  })
  .openapi('AnthropicMessage')

const deltaSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
  z.object({ type: z.literal('signature_delta'), signature: z.string() }),
  z.object({
    type: z.literal('input_json_delta'),
    partial_json: z
      .string()
      .meta({ description: 'The complete input. Tool calls are sent when they are complete.' }),
  }),
])

/** The events of a stream, each named by its type: https://docs.anthropic.com/en/docs/build-with-claude/streaming. */
export const eventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('message_start'), message: messageSchema }),
    z.object({ type: z.literal('ping') }),
    z.object({ type: z.literal('content_block_start'), index: count, content_block: blockSchema }),
    z.object({ type: z.literal('content_block_delta'), index: count, delta: deltaSchema }),
    z.object({ type: z.literal('content_block_stop'), index: count }),
    z.object({ type: z.literal('message_delta'), delta: z.object(endShape), usage: usageSchema }),
    z.object({ type: z.literal('message_stop') }),
  ])
  .openapi('AnthropicEvent')

export const countSchema = z
  .object({ input_tokens: count.meta({ description: 'The number of prompt tokens.' }) })
  .openapi('AnthropicTokenCount')

export type MessageBody = z.output<typeof messageSchema>
export type MessageUsage = z.output<typeof usageSchema>
export type MessageEvent = z.output<typeof eventSchema>
export type Block = z.output<typeof blockSchema>
export type StopReason = z.output<typeof stopReasonSchema>
