import { z } from '@hono/zod-openapi'
import { unsupportedFormats, unsupportedShape } from '../openai/unsupported-fields.ts'
import { seedField } from '../requests/sampling.ts'
import { inputItemSchema, knownTypes } from './input-items.ts'
import { jsonSchema, toolChoiceSchema, toolSchema } from './tool-schemas.ts'

const formatSchema = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        name: z.string(),
        schema: jsonSchema,
        description: z.string().nullish(),
        strict: z.boolean().nullish().meta({ description: 'Ignored. The schema is always enforced.' }),
      }),
    ],
    knownTypes('The type of a format', ['text', 'json_object', 'json_schema']),
  )
  .openapi('ResponseFormat', { description: 'The format of the answer.' })

const metadataSchema = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, { error: 'At most 16 pairs are allowed.' })
  .meta({ description: 'Up to 16 pairs of strings that are returned with the response.' })

/** `POST /v1/responses`: https://platform.openai.com/docs/api-reference/responses/create. */
export const requestBodySchema = z
  .object({
    model: z.string().nullish(),
    input: z
      .union([z.string(), z.array(inputItemSchema)], { error: 'Expected a string or a list of items.' })
      .nullish()
      .meta({ description: 'The message of the user, or the items of a conversation.' }),
    instructions: z
      .string()
      .nullish()
      .meta({ description: 'A system message at the start. Later responses do not inherit it.' }),
    previous_response_id: z
      .string()
      .nullish()
      .meta({ description: 'A stored response to continue. Its conversation comes before `input`.' }),
    tools: z.array(toolSchema).nullish(),
    tool_choice: toolChoiceSchema.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z.object({ format: formatSchema.nullish(), verbosity: z.string().nullish() }).nullish(),
    reasoning: z.object({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish().meta({
      description:
        '`effort` is passed to the chat template as `reasoning_effort`. `none` sets `enable_thinking: false`.',
    }),
    max_output_tokens: z
      .int()
      .min(1)
      .nullish()
      .meta({ description: 'The maximum number of tokens in the answer, including reasoning.' }),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    seed: seedField,
    top_logprobs: z.int().min(0).max(20).nullish(),
    include: z.array(z.string()).nullish().meta({
      description: '`message.output_text.logprobs` returns log probabilities. Other values are ignored.',
    }),
    truncation: z
      .enum(['auto', 'disabled'])
      .nullish()
      .meta({ description: '`auto` removes the middle of a conversation that exceeds the context length.' }),
    store: z.boolean().nullish().meta({ description: 'Whether to store the response. Default: true.' }),
    stream: z.boolean().nullish(),
    metadata: metadataSchema.nullish(),
    user: z.string().nullish(),
    safety_identifier: z.string().nullish(),
    prompt_cache_key: z.string().nullish(),
    ...unsupportedShape,
    ...unsupportedFormats('text.format'),
    background: z.boolean().nullish().meta({ description: '`true` is not supported.' }),
    conversation: z
      .unknown()
      .optional()
      .meta({ description: 'Not supported. Use `previous_response_id` instead.' }),
    prompt: z
      .unknown()
      .optional()
      .meta({ description: 'Not supported. Send `instructions` and `input` instead.' }),
  })
  .openapi('CreateResponse')

export type RequestBody = z.output<typeof requestBodySchema>
