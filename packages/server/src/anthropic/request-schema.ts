import { z } from '@hono/zod-openapi'
import { limits } from 'mlx-app'
import { textBlockSchema, turnSchema } from './request-blocks.ts'

const json = z.record(z.string(), z.unknown())

const toolSchema = z
  .object({
    type: z
      .literal('custom', {
        error: 'this server runs no tools of its own: give a name, a description and an input_schema.',
      })
      .nullish(),
    name: z.string(),
    description: z.string().nullish(),
    input_schema: json.meta({ description: 'A JSON Schema of an object.' }),
  })
  .openapi('AnthropicTool', { description: 'A function that the model may call.' })

const oneAtATime = z.boolean().nullish().meta({ description: 'Whether an answer has one call at most.' })

const toolChoiceSchema = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('auto'), disable_parallel_tool_use: oneAtATime }),
      z.object({ type: z.literal('any'), disable_parallel_tool_use: oneAtATime }),
      z.object({ type: z.literal('tool'), name: z.string(), disable_parallel_tool_use: oneAtATime }),
      z.object({ type: z.literal('none') }),
    ],
    { error: 'Invalid input: expected the type auto, any, tool or none' },
  )
  .openapi('AnthropicToolChoice')

const display = z
  .enum(['summarized', 'omitted'])
  .nullish()
  .meta({ description: '`omitted` leaves the text out of the blocks of thinking.' })

const thinkingSchema = z
  .discriminatedUnion(
    'type',
    [
      z.object({
        type: z.literal('enabled'),
        budget_tokens: z
          .int()
          .min(1)
          .max(limits.maxTokens)
          .meta({ description: 'Tokens of thinking after which the answer must begin.' }),
        display,
      }),
      z.object({ type: z.literal('adaptive'), display }),
      z.object({ type: z.literal('between_tools') }),
      z.object({ type: z.literal('disabled') }),
    ],
    { error: 'Invalid input: expected the type enabled, adaptive, between_tools or disabled' },
  )
  .openapi('AnthropicThinking', {
    description:
      'Sets `enable_thinking` of the chat template, if the server lets requests set it. Without it the template decides.',
  })

const formatSchema = z
  .object({
    type: z.literal('json_schema', { error: 'Invalid input: expected json_schema' }),
    schema: json.meta({ description: 'The text of the answer is JSON that this JSON Schema allows.' }),
  })
  .openapi('AnthropicFormat')

/** What the model reads: the same to answer and to count. */
const promptShape = {
  model: z.string().nullish().meta({ description: 'One of `GET /v1/models`; default: the configured one.' }),
  messages: z
    .array(turnSchema)
    .min(1)
    .meta({ description: 'The conversation; turns of one role that follow each other are one.' }),
  system: z
    .union([z.string(), z.array(textBlockSchema)])
    .nullish()
    .meta({ description: 'A first block that begins with `x-anthropic-billing-header:` is left out.' }),
  tools: z.array(toolSchema).nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  thinking: thinkingSchema.nullish(),
  output_config: z
    .object({
      format: formatSchema.nullish(),
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish().meta({
        description:
          'Sets `reasoning_effort` of the chat template to low, medium or high, if the server lets requests set it.',
      }),
    })
    .nullish(),
  output_format: formatSchema.nullish().meta({ description: 'The older name of `output_config.format`.' }),
}

/** `POST /v1/messages/count_tokens`: https://docs.anthropic.com/en/api/messages-count-tokens. */
export const countRequestSchema = z.object(promptShape).openapi('AnthropicCountRequest')

/** `POST /v1/messages`: https://docs.anthropic.com/en/api/messages. */
export const messagesRequestSchema = z
  .object({
    ...promptShape,
    max_tokens: z.int().min(1).meta({ description: 'Most tokens of the answer, thinking included.' }),
    stop_sequences: z
      .array(z.string().min(1).max(limits.stopCharacters))
      .max(limits.stopStrings)
      .nullish()
      .meta({ description: 'Texts that end the answer, and are not part of it.' }),
    stream: z.boolean().nullish(),
    temperature: z
      .number()
      .min(0)
      .max(limits.temperature)
      .nullish()
      .meta({ description: '0, the default, always takes the likeliest token.' }),
    top_p: z.number().gt(0).max(1).nullish(),
    top_k: z.int().min(0).nullish(),
    thread: z.unknown().optional().meta({
      description: 'Refused: the server keeps no conversations. Clients go on by sending all of it.',
    }),
    mcp_servers: z
      .array(z.unknown())
      .max(0, { error: 'this server connects to none that a request names.' })
      .nullish()
      .meta({ description: 'Refused unless it is empty.' }),
    metadata: z.object({ user_id: z.string().nullish() }).nullish().meta({ description: 'Not looked at.' }),
  })
  .openapi('AnthropicMessagesRequest')

/** What Anthropic's clients send beside the key. */
export const headersSchema = z.object({
  'anthropic-version': z.string().optional().meta({ description: 'Not looked at: all are answered alike.' }),
  'anthropic-beta': z.string().optional().meta({ description: 'Not looked at.' }),
})

export type PromptRequest = z.output<typeof countRequestSchema>
export type MessagesRequest = z.output<typeof messagesRequestSchema>
