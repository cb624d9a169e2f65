import { z } from '@hono/zod-openapi'
import { pastArguments } from '../openai/chat-messages.ts'
import { replayedItemSchema } from './replayed-items.ts'

const id = z.string().min(1).nullish()
const status = z.enum(['in_progress', 'completed', 'incomplete']).nullish()

/** Returns the error of a discriminated union for an unknown type. */
export function knownTypes(what: string, types: readonly string[]) {
  const list = types.map((type) => `"${type}"`).join(', ')
  return { error: `${what} must be ${types.length === 1 ? '' : 'one of '}${list}.` }
}

const inputText = z
  .object({ type: z.literal('input_text'), text: z.string() })
  .openapi('ResponseInputText', { description: 'Text of the user or the system.' })

const inputImage = z
  .object({
    type: z.literal('input_image'),
    image_url: z
      .string()
      .nullish()
      .meta({ description: 'A data URL, or a URL on a host that the server allows.' }),
    file_id: z.string().nullish(),
  })
  .openapi('ResponseInputImage', { description: 'An image, for models that accept images.' })

const pastText = z
  .object({ type: z.literal('output_text'), text: z.string() })
  .openapi('ResponsePastText', { description: 'Text of an earlier answer.' })

const pastRefusal = z
  .object({ type: z.literal('refusal'), refusal: z.string() })
  .openapi('ResponsePastRefusal', { description: 'A refusal in an earlier answer.' })

const inputFile = z
  .looseObject({ type: z.literal('input_file') })
  .openapi('ResponseInputFile', { description: 'A file in the output of a tool. It is left out.' })

const messagePart = z.discriminatedUnion(
  'type',
  [inputText, inputImage, pastText, pastRefusal],
  knownTypes('The type of a part', ['input_text', 'input_image', 'output_text', 'refusal']),
)

const message = z
  .object({
    type: z.literal('message').nullish(),
    id,
    status,
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([z.string(), z.array(messagePart)], { error: 'Expected a string or a list of parts.' }),
  })
  .openapi('ResponseInputMessage', { description: 'A turn of the conversation.' })

const functionCall = z
  .object({
    type: z.literal('function_call'),
    id,
    status,
    call_id: z.string().min(1),
    name: z.string().min(1),
    namespace: z.string().min(1).nullish().meta({ description: 'The namespace of the function.' }),
    arguments: pastArguments,
  })
  .openapi('ResponsePastFunctionCall', { description: 'An earlier call of the model.' })

const outputPart = z.discriminatedUnion(
  'type',
  [inputText, pastText, inputImage, inputFile],
  knownTypes('The type of a tool output part', ['input_text', 'output_text', 'input_image', 'input_file']),
)

const functionCallOutput = z
  .object({
    type: z.literal('function_call_output'),
    id,
    status,
    call_id: z.string().min(1).meta({ description: 'The `call_id` of the function call.' }),
    output: z.union([z.string(), z.array(outputPart)], { error: 'Expected a string or a list of parts.' }),
  })
  .openapi('ResponseFunctionCallOutput', { description: 'The output of a function.' })

/** Some clients send parts of the type `text`. */
function reasoningPart<Type extends string>(type: Type) {
  return z.object({
    type: z.union([z.literal(type), z.literal('text')]).transform((): Type => type),
    text: z.string(),
  })
}

const customToolCall = functionCall
  .omit({ type: true, arguments: true })
  .extend({ type: z.literal('custom_tool_call'), input: z.string() })
  .openapi('ResponsePastCustomToolCall', { description: 'An earlier call of a custom tool.' })

const customToolCallOutput = functionCallOutput
  .extend({ type: z.literal('custom_tool_call_output') })
  .openapi('ResponseCustomToolCallOutput', { description: 'The output of a custom tool.' })

const reasoning = z
  .object({
    type: z.literal('reasoning'),
    id,
    status,
    content: z.array(reasoningPart('reasoning_text')).nullish(),
    summary: z.array(reasoningPart('summary_text')).nullish(),
  })
  .openapi('ResponsePastReasoning', { description: 'Earlier reasoning of the model.' })

const itemReference = z
  .object({ type: z.literal('item_reference'), id: z.string().min(1) })
  .openapi('ResponseItemReference', {
    description: 'An item of a stored response, by its ID.',
  })

/** An item of `input`. */
export const inputItemSchema = z
  .discriminatedUnion(
    'type',
    [
      message,
      functionCall,
      functionCallOutput,
      customToolCall,
      customToolCallOutput,
      reasoning,
      itemReference,
      replayedItemSchema,
    ],
    knownTypes('The type of an item', [
      'message',
      'function_call',
      'function_call_output',
      'custom_tool_call',
      'custom_tool_call_output',
      'reasoning',
      'item_reference',
    ]),
  )
  .openapi('ResponseInputItem')

export type InputItem = z.output<typeof inputItemSchema>
export type InputMessage = z.output<typeof message>
export type OutputPart = z.output<typeof outputPart>
export type InputPart = z.output<typeof messagePart>
