import { z } from '@hono/zod-openapi'
import { limits } from 'mlx-app'
import { mcpServersField } from '../mcp/request.ts'
import { messageSchema } from './chat-messages.ts'
import { samplingShape } from './sampling.ts'
import { singleValue, unknownTypeError, unsupportedField } from './unsupported-fields.ts'

const json = z.record(z.string(), z.unknown())
const functionName = z.object({ name: z.string().min(1) })
const functionsOnly = 'this server knows tools of type function only'

const tool = z
  .discriminatedUnion(
    'type',
    [
      z.object({
        type: z.literal('function'),
        function: z.object({
          name: z.string(),
          description: z.string().nullish(),
          parameters: json.nullish().meta({ description: 'A JSON Schema of an object.' }),
          strict: z.boolean().nullish().meta({
            description:
              'Ignored: a call that tool_choice demands always keeps to the schema, one that the model decides on may not.',
          }),
        }),
      }),
    ],
    { error: unknownTypeError(functionsOnly) },
  )
  .openapi('ChatTool')

const namedTool = z.object({ type: z.literal('function'), function: functionName })

const toolChoice = z
  .union(
    [
      z.enum(['auto', 'none', 'required']),
      z.discriminatedUnion(
        'type',
        [
          namedTool,
          z.object({
            type: z.literal('allowed_tools'),
            allowed_tools: z.object({
              mode: z.enum(['auto', 'required']),
              tools: z
                .array(z.discriminatedUnion('type', [namedTool], { error: unknownTypeError(functionsOnly) }))
                .min(1),
            }),
          }),
        ],
        { error: unknownTypeError(functionsOnly) },
      ),
    ],
    { error: 'Invalid input: expected auto, none, required or an object that names a function' },
  )
  .openapi('ChatToolChoice')

const responseFormat = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({
          name: z.string().nullish(),
          description: z.string().nullish(),
          schema: json.nullish(),
          strict: z.boolean().nullish().meta({ description: 'The schema is enforced either way.' }),
        }),
      }),
    ],
    { error: unknownTypeError('Invalid input: expected text, json_object or json_schema') },
  )
  .openapi('ChatResponseFormat')

export const streamOptionsSchema = z
  .object({
    include_usage: z.boolean().nullish().meta({
      description: 'Ends the stream with a chunk without choices that holds `usage` and `timings`.',
    }),
  })
  .openapi('StreamOptions')

export const chatRequestSchema = z
  .object({
    model: z
      .string()
      .nullish()
      .meta({ description: 'One of `GET /v1/models`; default: the configured one.' }),
    messages: z.array(messageSchema).min(1),
    ...samplingShape,
    max_completion_tokens: samplingShape.max_tokens.meta({
      description: 'As `max_tokens`, and goes before it.',
    }),
    logprobs: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether the log-probability of each token is told.' }),
    top_logprobs: z
      .int()
      .min(0)
      .max(limits.logprobs)
      .nullish()
      .meta({ description: 'Alternatives that are told for each token; needs `logprobs`.' }),
    tools: z.array(tool).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether an answer may have several calls; default true.' }),
    response_format: responseFormat.nullish(),
    reasoning_effort: z.string().nullish().meta({
      description: 'Given to the chat template as `reasoning_effort`; `none` is `enable_thinking: false`.',
    }),
    chat_template_kwargs: json
      .nullish()
      .meta({ description: 'Variables of the chat template, of those that the server lists.' }),
    stream: z.boolean().nullish(),
    stream_options: streamOptionsSchema.nullish(),
    return_progress: z
      .boolean()
      .nullish()
      .meta({ description: 'A stream begins with chunks that tell how much of the prompt was read.' }),
    mcp_servers: mcpServersField,
    modalities: z.array(z.literal('text', { error: 'only "text" can be had here' })).nullish(),
    chat_template: unsupportedField(
      'a chat template is code, and the model brings its own; see chat_template_kwargs.',
    ),
    functions: unsupportedField('use tools.'),
    function_call: unsupportedField('use tool_choice.'),
    audio: unsupportedField('it writes text only.'),
    prediction: unsupportedField('predicted outputs are not used.'),
    web_search_options: unsupportedField('it searches nothing.'),
    verbosity: singleValue('medium', 'ask for a length in a message.'),
  })
  .openapi('ChatCompletionRequest')

export type ChatRequest = z.output<typeof chatRequestSchema>
