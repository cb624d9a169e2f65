import { z } from '@hono/zod-openapi'
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
        strict: z.boolean().nullish().meta({ description: 'The answer is kept to the schema either way.' }),
      }),
    ],
    knownTypes('The type of a format', ['text', 'json_object', 'json_schema']),
  )
  .openapi('ResponseFormat', { description: 'What the text of the answer is held to.' })

const metadataSchema = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, { error: 'At most 16 pairs may be given.' })
  .meta({ description: 'Up to 16 pairs of strings that come back with the response.' })

/** `POST /v1/responses`: https://platform.openai.com/docs/api-reference/responses/create. */
export const requestBodySchema = z
  .object({
    model: z.string().nullish(),
    input: z
      .union([z.string(), z.array(inputItemSchema)], { error: 'Expected a string or a list of items.' })
      .nullish()
      .meta({ description: 'What the user says, or the items of a conversation.' }),
    instructions: z
      .string()
      .nullish()
      .meta({ description: 'A system message that goes before all; the next response doesn’t inherit it.' }),
    previous_response_id: z
      .string()
      .nullish()
      .meta({ description: 'A response that the server keeps: its conversation goes before `input`.' }),
    tools: z.array(toolSchema).nullish(),
    tool_choice: toolChoiceSchema.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z.object({ format: formatSchema.nullish(), verbosity: z.string().nullish() }).nullish(),
    reasoning: z.object({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish().meta({
      description:
        '`effort` is given to the chat template as `reasoning_effort`; `none` is `enable_thinking: false`.',
    }),
    max_output_tokens: z.int().min(1).nullish().meta({ description: 'Most tokens, reasoning included.' }),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().gt(0).max(1).nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    include: z.array(z.string()).nullish().meta({
      description:
        '`message.output_text.logprobs` asks for log-probabilities, as top_logprobs does. Others are ignored.',
    }),
    truncation: z
      .enum(['auto', 'disabled'])
      .nullish()
      .meta({ description: '`auto` cuts the middle out of a conversation over the context of the model.' }),
    store: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether the server keeps the response; default true.' }),
    stream: z.boolean().nullish(),
    metadata: metadataSchema.nullish(),
    user: z.string().nullish(),
    safety_identifier: z.string().nullish(),
    prompt_cache_key: z.string().nullish(),
    background: z.boolean().nullish().meta({ description: 'true is refused.' }),
    conversation: z.unknown().optional().meta({ description: 'Refused: the server keeps responses only.' }),
    prompt: z.unknown().optional().meta({ description: 'Refused: the server keeps no prompts.' }),
  })
  .openapi('CreateResponse')

export type RequestBody = z.output<typeof requestBodySchema>
