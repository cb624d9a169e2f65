import { z } from '@hono/zod-openapi'
import { limits } from 'mlx-app'
import { unsupportedFormats, unsupportedShape } from '../openai/unsupported-fields.ts'
import { seedField } from '../requests/sampling.ts'
import { textBlockSchema, turnSchema } from './request-blocks.ts'

const json = z.record(z.string(), z.unknown())

const toolSchema = z
  .object({
    type: z
      .literal('custom', {
        error: 'this server has no built-in tools. Send a name, a description and an input_schema.',
      })
      .nullish(),
    name: z.string(),
    description: z.string().nullish(),
    input_schema: json.meta({ description: 'A JSON Schema of an object.' }),
  })
  .openapi('AnthropicTool', { description: 'A function that the model may call.' })

const oneAtATime = z
  .boolean()
  .nullish()
  .meta({ description: 'Whether an answer can have at most one tool call.' })

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
  .meta({ description: '`omitted` removes the text from thinking blocks.' })

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
          .meta({ description: 'The maximum tokens of thinking before the answer.' }),
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
      'Sets the chat template variable `enable_thinking`, if the server allows it. By default, the template decides.',
  })

const formatSchema = z
  .object({
    type: z.literal('json_schema', { error: 'Invalid input: expected json_schema' }),
    schema: json.meta({ description: 'A JSON Schema that the answer must match.' }),
  })
  .openapi('AnthropicFormat')

/** The fields that make up the prompt, for messages and for token counts. */
const promptShape = {
  model: z
    .string()
    .nullish()
    .meta({ description: 'A model from `GET /v1/models`. Default: the configured model.' }),
  messages: z
    .array(turnSchema)
    .min(1)
    .meta({ description: 'The conversation. Consecutive turns of the same role are merged.' }),
  system: z
    .union([z.string(), z.array(textBlockSchema)])
    .nullish()
    .meta({
      description:
        'The system prompt. A first block that begins with `x-anthropic-billing-header:` is ignored.',
    }),
  tools: z.array(toolSchema).nullish(),
  tool_choice: toolChoiceSchema.nullish(),
  thinking: thinkingSchema.nullish(),
  output_config: z
    .object({
      format: formatSchema.nullish(),
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish().meta({
        description:
          'Sets the chat template variable `reasoning_effort` to low, medium or high, if the server allows it.',
      }),
    })
    .nullish(),
  output_format: formatSchema.nullish().meta({ description: 'The former name of `output_config.format`.' }),
}

/** `POST /v1/messages/count_tokens`: https://docs.anthropic.com/en/api/messages-count-tokens. */
export const countRequestSchema = z.object(promptShape).openapi('AnthropicCountRequest')

/** `POST /v1/messages`: https://docs.anthropic.com/en/api/messages. */
export const messagesRequestSchema = z
  .object({
    ...promptShape,
    max_tokens: z
      .int()
      .min(1)
      .meta({ description: 'The maximum number of tokens in the answer, including thinking.' }),
    stop_sequences: z
      .array(z.string().min(1).max(limits.stopCharacters))
      .max(limits.stopStrings)
      .nullish()
      .meta({ description: 'Strings that end the answer. They are not included.' }),
    stream: z.boolean().nullish(),
    temperature: z
      .number()
      .min(0)
      .max(limits.temperature)
      .nullish()
      .meta({ description: '0, the default, always picks the most likely token.' }),
    top_p: z.number().min(0).max(1).nullish(),
    seed: seedField,
    top_k: z.int().min(0).nullish(),
    ...unsupportedShape,
    ...unsupportedFormats('output_config.format'),
    thread: z.unknown().optional().meta({
      description:
        'Not supported: the server does not store conversations. Send the whole conversation instead.',
    }),
    mcp_servers: z
      .array(z.unknown())
      .max(0, { error: 'this server does not connect to MCP servers from requests.' })
      .nullish()
      .meta({ description: 'Must be empty.' }),
    metadata: z.object({ user_id: z.string().nullish() }).nullish().meta({ description: 'Ignored.' }),
  })
  .openapi('AnthropicMessagesRequest')

/** The headers that Anthropic's clients send in addition to the key. */
export const headersSchema = z.object({
  'anthropic-version': z.string().optional().meta({ description: 'Ignored.' }),
  'anthropic-beta': z.string().optional().meta({ description: 'Ignored.' }),
})

export type PromptRequest = z.output<typeof countRequestSchema>
export type MessagesRequest = z.output<typeof messagesRequestSchema>
