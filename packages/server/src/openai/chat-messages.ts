import { z } from '@hono/zod-openapi'
import { unknownTypeError } from './unsupported-fields.ts'

const text = z.object({ type: z.literal('text'), text: z.string() }).openapi('ChatTextPart')

const image = z
  .object({
    type: z.literal('image_url'),
    image_url: z.object({
      url: z.string().min(1).meta({
        description:
          'A base64 data URL of a PNG, JPEG or WebP file, or a URL on a host that the server allows.',
      }),
      detail: z.string().nullish().meta({ description: 'Ignored.' }),
    }),
  })
  .openapi('ChatImagePart')

const oneOrParts = 'Invalid input: expected a string or a list of parts'
const texts = z.union(
  [
    z.string(),
    z.array(
      z.discriminatedUnion('type', [text], {
        error: unknownTypeError('only parts of type text are allowed here'),
      }),
    ),
  ],
  { error: oneOrParts },
)
/** The arguments of an earlier call. Clients may replay a call that was cut off, an object, or null. */
export const pastArguments = z
  .union([z.string(), z.record(z.string(), z.unknown())], { error: 'Invalid input: expected a string' })
  .nullish()
  .meta({ description: 'A JSON object, as a string. Other text is read as the argument `input`.' })

const textsAndImages = z.union(
  [
    z.string(),
    z.array(
      z.discriminatedUnion('type', [text, image], {
        error: unknownTypeError('only parts of type text and image_url are supported'),
      }),
    ),
  ],
  { error: oneOrParts },
)
const name = z.string().nullish()

const system = z.object({ role: z.literal('system'), content: texts, name }).openapi('ChatSystemMessage')

const developer = z
  .object({ role: z.literal('developer'), content: texts, name })
  .openapi('ChatDeveloperMessage', { description: 'The same as `system`.' })

const user = z
  .object({
    role: z.literal('user'),
    content: textsAndImages,
    name,
  })
  .openapi('ChatUserMessage')

const call = z
  .discriminatedUnion(
    'type',
    [
      z.object({
        id: z.string(),
        type: z.literal('function'),
        function: z.object({
          name: z.string().min(1),
          arguments: pastArguments,
        }),
      }),
      z.object({
        id: z.string(),
        type: z.literal('custom'),
        custom: z.object({ name: z.string().min(1), input: z.string() }),
      }),
    ],
    { error: unknownTypeError('only calls of type function and custom are supported') },
  )
  .openapi('ChatToolCall')

const assistant = z
  .object({
    role: z.literal('assistant'),
    content: z
      .union(
        [
          z.string(),
          z.array(
            z.discriminatedUnion(
              'type',
              [
                text,
                z.object({ type: z.literal('refusal'), refusal: z.string() }).openapi('ChatRefusalPart'),
              ],
              { error: unknownTypeError('only parts of type text and refusal are allowed here') },
            ),
          ),
        ],
        { error: oneOrParts },
      )
      .nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(call).nullish(),
    reasoning_content: z.string().nullish().meta({ description: 'The reasoning of this turn.' }),
    reasoning: z.string().nullish().meta({ description: 'An alias of `reasoning_content`.' }),
    function_call: z.null({ error: 'use tool_calls instead' }).optional(),
    audio: z.null({ error: 'audio is not supported' }).optional(),
    name,
  })
  .openapi('ChatAssistantMessage')

const tool = z
  .object({
    role: z.literal('tool'),
    content: textsAndImages,
    tool_call_id: z.string().meta({ description: 'The `id` of the tool call.' }),
    name,
  })
  .openapi('ChatToolMessage')

export const messageSchema = z
  .discriminatedUnion('role', [system, developer, user, assistant, tool], {
    error: unknownTypeError('Invalid input: expected system, developer, user, assistant or tool'),
  })
  .openapi('ChatMessage')

export type ChatMessage = z.output<typeof messageSchema>
export type ChatCall = z.output<typeof call>
export type ChatContent = z.output<typeof textsAndImages>
