import { createRoute } from '@hono/zod-openapi'
import type { Chunk, GenerateOptions } from 'mlx-app'
import type { Caller } from '../caller.ts'
import type { Api, Services } from '../context.ts'
import { openaiFailures, streamedAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { ApiError, invalid, openaiError } from '../errors.ts'
import { type ServerEvent, serverSentEvents } from '../events.ts'
import { checkMessages } from '../requests/limits.ts'
import { Images } from '../requests/images.ts'
import { present } from '../requests/omit-nullish.ts'
import { callOptions, refuseUnavailable } from './generate-options.ts'
import { eventSchema, type ResponseEvent } from './event-schemas.ts'
import { itemsOf, type PlacedItem } from './items.ts'
import { messagesOf } from './messages.ts'
import { type RequestBody, requestBodySchema } from './request-body.ts'
import { newResponse } from './response-object.ts'
import { type ResponseObject, responseSchema } from './response-schemas.ts'
import { itemsUpTo, type NewTurn, type ResponseStore } from './response-store.ts'
import { ResponseWriter } from './response-writer.ts'
import { type Offer, offerOf } from './tools.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/responses',
  operationId: 'createResponse',
  summary: 'Answers',
  description:
    'An answer to an input, or to the conversation of an earlier response and what comes after it. The least recently used responses are dropped when the server keeps too many.',
  tags: [tags.responses],
  request: { body: { required: true, content: { 'application/json': { schema: requestBodySchema } } } },
  responses: { 200: streamedAnswer(responseSchema, eventSchema, 'The response.'), ...openaiFailures },
})

/** `POST /v1/responses` of OpenAI's API. */
export function createResponse(api: Api, services: Services, store: ResponseStore): void {
  api.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const { signal } = c.req.raw
    const { caller, requestId, log } = c.var
    const { options, turn, offer } = await prepare(body, caller, services, store, signal)
    if (offer.leftOut.length > 0) log.debug({ tools: offer.leftOut }, 'tools that are not here are left out')
    const writer = new ResponseWriter(turn.response, offer.names)
    const keep = (response: ResponseObject) => {
      if (response.store) store.add({ ...turn, response })
    }
    const events = eventsOf(services.generations.stream(caller, options, signal), writer, keep)
    if (body.stream !== true) {
      // Each step is made for the last one's sake.
      for await (const _ of events);
      return c.json(writer.response, 200)
    }
    return serverSentEvents(c, named(events), (error) => {
      const { message } = openaiError(error, requestId).error
      return [nameOf(writer.failed({ code: failureCode(error), message, param: error.param ?? null }))]
    })
  })
}

interface Prepared {
  options: GenerateOptions
  /** Its response is empty yet. */
  turn: NewTurn
  offer: Offer
}

/** @throws ApiError 400 for what can't be served, 404 for a model, a response or an item that is not there. */
async function prepare(
  body: RequestBody,
  caller: Caller,
  services: Services,
  store: ResponseStore,
  signal: AbortSignal,
): Promise<Prepared> {
  const { models, settings } = services
  refuseUnavailable(body)
  const { id, model } = await models.resolve(body.model)
  const offer = offerOf(body)
  const options = callOptions(body, offer, settings)
  const previous =
    body.previous_response_id == null ? undefined : store.get(caller, body.previous_response_id)
  if (body.previous_response_id != null && previous === undefined) throw notKept(body.previous_response_id)
  const own = itemsOf(body.input, (itemId) => store.item(caller, itemId))
  const past: PlacedItem[] = itemsUpTo(previous).map((item) => ({ item, param: 'previous_response_id' }))
  // Of what the request itself brings first: then a place in a list is one in the body.
  for (const items of [own, [...past, ...own]]) {
    checkMessages(
      items.map(({ item }) => (item.type === 'message' ? item : {})),
      settings,
      'input',
    )
  }
  const images = new Images(services, { model, signal })
  const messages = await messagesOf([...past, ...own], body.instructions, images, offer.names)
  if (messages.length === 0) throw invalid('input: there is nothing to answer.', 'input')
  const input = own.map(({ item }) => item)
  return {
    options: { ...options, ...present({ model }), messages },
    offer,
    turn: { caller, response: newResponse(body, id), input, previous },
  }
}

function notKept(id: string): ApiError {
  const message = `There is no response "${id}" here: it was not stored, or has been dropped.`
  return new ApiError(404, 'previous_response_not_found', message, { param: 'previous_response_id' })
}

/**
 * The events of a response. The first one comes with the first piece of the answer, so that what fails before has a
 * status of its own.
 *
 * @param keep gets the whole response before the last event tells of it
 */
async function* eventsOf(
  chunks: AsyncIterable<Chunk>,
  writer: ResponseWriter,
  keep: (response: ResponseObject) => void,
): AsyncGenerator<ResponseEvent, void> {
  for await (const chunk of chunks) {
    if (!writer.begun) yield* writer.begin()
    yield* writer.write(chunk)
    if (chunk.usage === undefined) continue
    yield* writer.end(chunk)
    keep(writer.response)
    yield writer.finished()
  }
}

async function* named(events: AsyncIterable<ResponseEvent>): AsyncGenerator<ServerEvent, void> {
  for await (const event of events) yield nameOf(event)
}

function nameOf(event: ResponseEvent): ServerEvent {
  return { event: event.type, data: event }
}

/** Of the codes that this API has for a response that failed, the one that fits. */
function failureCode({ status }: ApiError): string {
  if (status === 429) return 'rate_limit_exceeded'
  return status >= 500 ? 'server_error' : 'invalid_prompt'
}
