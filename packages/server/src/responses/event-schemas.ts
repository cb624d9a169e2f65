import { z } from '@hono/zod-openapi'
import { contentPartSchema, logprobSchema, outputItemSchema, responseSchema } from './response-schemas.ts'

const sequence = { sequence_number: z.int().min(0).meta({ description: 'Counts from 0.' }) }
const inOutput = { ...sequence, output_index: z.int().min(0) }
const inItem = { ...inOutput, item_id: z.string() }
const inPart = { ...inItem, content_index: z.int().min(0) }

/** An event with the whole response so far. */
function whole<const Type extends string>(type: Type) {
  return z.object({ type: z.literal(type), ...sequence, response: responseSchema })
}

function event<const Type extends string, Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) {
  return z.object({ type: z.literal(type), ...shape })
}

const logprobs = z.array(logprobSchema)

/** The data of an event: https://platform.openai.com/docs/api-reference/responses-streaming. */
export const eventSchema = z
  .discriminatedUnion('type', [
    whole('response.created'),
    whole('response.in_progress'),
    event('response.output_item.added', { ...inOutput, item: outputItemSchema }),
    event('response.content_part.added', { ...inPart, part: contentPartSchema }),
    event('response.reasoning_text.delta', { ...inPart, delta: z.string() }),
    event('response.reasoning_text.done', { ...inPart, text: z.string() }),
    event('response.output_text.delta', { ...inPart, delta: z.string(), logprobs }),
    event('response.output_text.done', { ...inPart, text: z.string(), logprobs }),
    event('response.content_part.done', { ...inPart, part: contentPartSchema }),
    event('response.function_call_arguments.delta', { ...inItem, delta: z.string() }),
    event('response.function_call_arguments.done', {
      ...inItem,
      name: z.string(),
      arguments: z.string(),
    }),
    event('response.custom_tool_call_input.delta', { ...inItem, delta: z.string() }),
    event('response.custom_tool_call_input.done', { ...inItem, input: z.string() }),
    event('response.output_item.done', { ...inOutput, item: outputItemSchema }),
    whole('response.completed'),
    whole('response.incomplete'),
    whole('response.failed'),
    event('error', {
      ...sequence,
      code: z.string(),
      message: z.string(),
      param: z.string().nullable(),
    }),
  ])
  .openapi('ResponseStreamEvent')

export type ResponseEvent = z.output<typeof eventSchema>
type WithoutSequence<Event> = Event extends ResponseEvent ? Omit<Event, 'sequence_number'> : never
/** An event without its sequence number. */
export type UnnumberedEvent = WithoutSequence<ResponseEvent>
