import { z } from '@hono/zod-openapi'

const itemStatus = z.enum(['in_progress', 'completed', 'incomplete'])

const alternative = z.object({
  token: z.string(),
  bytes: z.array(z.int()).meta({
    description: 'The UTF-8 bytes that the token adds to the text, which may be a part of a character.',
  }),
  logprob: z.number(),
})

export const logprobSchema = alternative
  .extend({ top_logprobs: z.array(alternative) })
  .openapi('ResponseLogprob', {
    description: 'A token, its log probability, and the most likely alternatives.',
  })

const outputTextSchema = z
  .object({
    type: z.literal('output_text'),
    text: z.string(),
    annotations: z.array(z.unknown()).meta({ description: 'Always empty.' }),
    logprobs: z.array(logprobSchema),
  })
  .openapi('ResponseOutputText')

const reasoningText = z
  .object({ type: z.literal('reasoning_text'), text: z.string() })
  .openapi('ResponseReasoningText')

export const contentPartSchema = z.discriminatedUnion('type', [outputTextSchema, reasoningText])

const outputMessage = z
  .object({
    type: z.literal('message'),
    id: z.string(),
    status: itemStatus,
    role: z.literal('assistant'),
    content: z.array(outputTextSchema),
  })
  .openapi('ResponseOutputMessage')

const functionCall = z
  .object({
    type: z.literal('function_call'),
    id: z.string(),
    status: itemStatus,
    call_id: z.string().meta({ description: 'The ID that `function_call_output` refers to.' }),
    name: z.string(),
    namespace: z.string().optional().meta({ description: 'The namespace of the function, if it has one.' }),
    arguments: z.string().meta({ description: 'A JSON object, as a string.' }),
  })
  .openapi('ResponseFunctionCall')

const customToolCall = functionCall
  .omit({ type: true, arguments: true })
  .extend({
    type: z.literal('custom_tool_call'),
    input: z.string().meta({ description: 'The text of the call.' }),
  })
  .openapi('ResponseCustomToolCall')

const reasoning = z
  .object({
    type: z.literal('reasoning'),
    id: z.string(),
    status: itemStatus,
    summary: z
      .array(z.object({ type: z.literal('summary_text'), text: z.string() }))
      .meta({ description: 'Always empty in responses of this server. The reasoning is in `content`.' }),
    content: z.array(reasoningText),
  })
  .openapi('ResponseReasoning')

export const outputItemSchema = z
  .discriminatedUnion('type', [reasoning, outputMessage, functionCall, customToolCall])
  .openapi('ResponseOutputItem')

const inputPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input_text'), text: z.string() }),
  z.object({ type: z.literal('input_image'), image_url: z.string(), detail: z.literal('auto') }),
])

const inputMessage = z
  .object({
    type: z.literal('message'),
    id: z.string(),
    status: itemStatus,
    role: z.enum(['user', 'system', 'developer']),
    content: z.array(inputPart),
  })
  .openapi('ResponseStoredMessage')

const functionCallOutput = z
  .object({
    type: z.literal('function_call_output'),
    id: z.string(),
    status: itemStatus,
    call_id: z.string(),
    output: z.union([z.string(), z.array(inputPart)]),
  })
  .openapi('ResponseStoredFunctionCallOutput')

const customToolCallOutput = functionCallOutput
  .extend({ type: z.literal('custom_tool_call_output') })
  .openapi('ResponseStoredCustomToolCallOutput')

/** An item of a conversation, as it is stored. */
export const itemSchema = z
  .union([
    inputMessage,
    outputMessage,
    functionCall,
    functionCallOutput,
    customToolCall,
    customToolCallOutput,
    reasoning,
  ])
  .openapi('ResponseItem')

const usageSchema = z
  .object({
    input_tokens: z.int(),
    input_tokens_details: z.object({
      cached_tokens: z.int().meta({ description: 'The input tokens that came from the prefix cache.' }),
      cache_write_tokens: z.int().meta({ description: 'Always 0, because caching a prompt costs nothing.' }),
    }),
    output_tokens: z.int(),
    output_tokens_details: z.object({
      reasoning_tokens: z.int().meta({ description: 'The output tokens spent on reasoning.' }),
    }),
    total_tokens: z.int(),
  })
  .openapi('ResponseUsage')

const given = (description: string) => z.unknown().meta({ description })

/** https://platform.openai.com/docs/api-reference/responses/object. */
export const responseSchema = z
  .object({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int().meta({ description: 'Unix time, in seconds.' }),
    completed_at: z.int().nullable(),
    status: z.enum(['in_progress', 'completed', 'incomplete', 'failed']),
    background: z.literal(false),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.object({ reason: z.enum(['max_output_tokens', 'content_filter']) }).nullable(),
    instructions: z.string().nullable(),
    max_output_tokens: z.int().nullable(),
    max_tool_calls: z.null(),
    model: z.string(),
    output: z.array(outputItemSchema),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.string().nullable(),
    prompt_cache_key: z.string().nullable(),
    reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }),
    safety_identifier: z.string().nullable(),
    service_tier: z.literal('default'),
    store: z.boolean(),
    temperature: z.number().nullable(),
    text: given('`text` of the request.'),
    tool_choice: given('`tool_choice` of the request.'),
    tools: z.array(given('A tool of the request.')),
    top_logprobs: z.int(),
    top_p: z.number().nullable(),
    truncation: z.enum(['auto', 'disabled']),
    usage: usageSchema.nullable(),
    user: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Response')

export type ResponseObject = z.output<typeof responseSchema>
export type ResponseUsage = z.output<typeof usageSchema>
export type OutputItem = z.output<typeof outputItemSchema>
export type Item = z.output<typeof itemSchema>
export type ItemPart = z.output<typeof inputPart>
export type Logprob = z.output<typeof logprobSchema>
