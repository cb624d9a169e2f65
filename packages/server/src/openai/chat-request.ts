import { z } from '@hono/zod-openapi'
import { limits } from 'mlx-app'
import { mcpServersField } from '../mcp/request.ts'
import { grammarShape } from '../requests/custom-tools.ts'
import { messageSchema } from './chat-messages.ts'
import { formatShape } from './format-fields.ts'
import { samplingShape } from './sampling.ts'
import { singleValue, unknownTypeError, unsupportedField, unsupportedShape } from './unsupported-fields.ts'

const json = z.record(z.string(), z.unknown())
const functionName = z.object({ name: z.string().min(1) })
const knownToolsOnly = 'only tools of type function and custom are supported'

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
              'Ignored. A call that `tool_choice` requires always follows the schema. A call that the model chooses may not.',
          }),
        }),
      }),
      z.object({
        type: z.literal('custom'),
        custom: z.object({
          name: z.string(),
          description: z.string().nullish(),
          format: z
            .discriminatedUnion(
              'type',
              [
                z.object({ type: z.literal('text') }),
                z.object({ type: z.literal('grammar'), grammar: z.object(grammarShape) }),
              ],
              { error: unknownTypeError('Invalid input: expected text or grammar') },
            )
            .nullish()
            .meta({
              description: 'The format of the text. Each call follows the grammar. Default: any text.',
            }),
        }),
      }),
    ],
    { error: unknownTypeError(knownToolsOnly) },
  )
  .openapi('ChatTool')

const namedTool = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('function'), function: functionName }),
    z.object({ type: z.literal('custom'), custom: functionName }),
  ],
  { error: unknownTypeError(knownToolsOnly) },
)

const toolChoice = z
  .union(
    [
      z.enum(['auto', 'none', 'required']),
      z.discriminatedUnion(
        'type',
        [
          ...namedTool.options,
          z.object({
            type: z.literal('allowed_tools'),
            allowed_tools: z.object({
              mode: z.enum(['auto', 'required']),
              tools: z.array(namedTool).min(1),
            }),
          }),
        ],
        { error: unknownTypeError(knownToolsOnly) },
      ),
    ],
    { error: 'Invalid input: expected auto, none, required or an object that names a function' },
  )
  .openapi('ChatToolChoice')

export const streamOptionsSchema = z
  .object({
    include_usage: z.boolean().nullish().meta({
      description: 'Adds a last chunk that has `usage` and `timings` and no choices.',
    }),
  })
  .openapi('StreamOptions')

export const chatRequestSchema = z
  .object({
    model: z
      .string()
      .nullish()
      .meta({ description: 'A model from `GET /v1/models`. Default: the configured model.' }),
    messages: z.array(messageSchema).min(1),
    ...samplingShape,
    max_completion_tokens: samplingShape.max_tokens.meta({
      description: 'The same as `max_tokens`, over which it takes precedence.',
    }),
    logprobs: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether to return the log probability of each token.' }),
    top_logprobs: z
      .int()
      .min(0)
      .max(limits.logprobs)
      .nullish()
      .meta({ description: 'How many alternatives to return for each token. Requires `logprobs`.' }),
    tools: z.array(tool).nullish(),
    tool_choice: toolChoice.nullish(),
    parallel_tool_calls: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether an answer can have several tool calls. Default: true.' }),
    ...formatShape,
    reasoning_effort: z.string().nullish().meta({
      description: 'Passed to the chat template as `reasoning_effort`. `none` sets `enable_thinking: false`.',
    }),
    chat_template_kwargs: json
      .nullish()
      .meta({ description: 'Chat template variables that the server allows.' }),
    stream: z.boolean().nullish(),
    stream_options: streamOptionsSchema.nullish(),
    return_progress: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether a stream begins with chunks that report the progress of the prefill.' }),
    mcp_servers: mcpServersField,
    modalities: z.array(z.literal('text', { error: 'only "text" is supported' })).nullish(),
    ...unsupportedShape,
    echo: singleValue(false, 'an answer does not repeat its messages.'),
    chat_template: unsupportedField(
      'the chat template comes with the model. Use chat_template_kwargs to set its variables.',
    ),
    functions: unsupportedField('use tools instead.'),
    function_call: unsupportedField('use tool_choice instead.'),
    audio: unsupportedField('only text can be generated.'),
    prediction: unsupportedField('predicted outputs are not available.'),
    web_search_options: unsupportedField('web search is not available.'),
    verbosity: singleValue('medium', 'ask for a length in a message instead.'),
  })
  .openapi('ChatCompletionRequest')

export type ChatTool = z.output<typeof tool>
export type ChatNamedTool = z.output<typeof namedTool>
export type ChatRequest = z.output<typeof chatRequestSchema>
