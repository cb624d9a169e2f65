import { createRoute } from '@hono/zod-openapi'
import type { Chunk, GenerateOptions } from 'mlx-app'
import type { Caller } from '../caller.ts'
import type { Api, Services } from '../context.ts'
import { ApiError, invalid, openaiError } from '../errors.ts'
import { type ServerEvent, serverSentEvents } from '../events.ts'
import { openaiFailures, streamedAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { HistoryChanges } from '../requests/history.ts'
import { Images } from '../requests/images.ts'
import { checkMessageLimits } from '../requests/limits.ts'
import { omitNullish } from '../requests/omit-nullish.ts'
import { eventSchema, type ResponseEvent } from './event-schemas.ts'
import { rejectUnsupportedFields, toGenerateOptions } from './generate-options.ts'
import { type PlacedItem, toItems } from './items.ts'
import { toMessages } from './messages.ts'
import { type RequestBody, requestBodySchema } from './request-body.ts'
import { createResponseObject } from './response-object.ts'
import { type ResponseObject, responseSchema } from './response-schemas.ts'
import { collectItems, type NewTurn, type ResponseStore } from './response-store.ts'
import { ResponseWriter } from './response-writer.ts'
import { type ResolvedTools, resolveTools } from './tools.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/responses',
  operationId: 'createResponse',
  summary: 'Create a response',
  description:
    'Answers an input, or continues the conversation of an earlier response. The server stores a limited number of responses and drops the least recently used ones.',
  tags: [tags.responses],
  request: { body: { required: true, content: { 'application/json': { schema: requestBodySchema } } } },
  responses: { 200: streamedAnswer(responseSchema, eventSchema, 'The response.'), ...openaiFailures },
})

/** Adds `POST /v1/responses` of OpenAI's API. */
export function addCreateResponse(api: Api, services: Services, store: ResponseStore): void {
  api.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const { signal } = c.req.raw
    const { caller, requestId, log } = c.var
    const { options, turn, offer, changes } = await prepare(body, caller, services, store, signal)
    changes.report(c)
    if (offer.leftOut.length > 0) log.debug({ tools: offer.leftOut }, 'unsupported tools are ignored')
    const writer = new ResponseWriter(turn.response, offer.names)
    const keep = (response: ResponseObject) => {
      if (response.store) store.add({ ...turn, response })
    }
    const events = responseEvents(services.generations.stream(caller, options, signal), writer, keep)
    if (body.stream !== true) {
      // Reading all events completes the response.
      for await (const _ of events);
      return c.json(writer.response, 200)
    }
    return serverSentEvents(c, toServerEvents(events), (error) => {
      const { message } = openaiError(error, requestId).error
      return [toServerEvent(writer.failed({ code: failureCode(error), message, param: error.param ?? null }))]
    })
  })
}

interface PreparedRequest {
  options: GenerateOptions
  /** The turn, with a response that is still empty. */
  turn: NewTurn
  offer: ResolvedTools
  changes: HistoryChanges
}

/**
 * Prepares the turn and the engine's options for a request.
 *
 * @throws ApiError 400 for an invalid request, 404 for an unknown model, response or item.
 */
async function prepare(
  body: RequestBody,
  caller: Caller,
  services: Services,
  store: ResponseStore,
  signal: AbortSignal,
): Promise<PreparedRequest> {
  const { models, settings } = services
  rejectUnsupportedFields(body)
  const { id, model } = await models.resolve(body.model)
  const offer = resolveTools(body)
  const options = toGenerateOptions(body, offer, settings)
  const previous =
    body.previous_response_id == null ? undefined : store.get(caller, body.previous_response_id)
  if (body.previous_response_id != null && previous === undefined)
    throw previousResponseNotFoundError(body.previous_response_id)
  const changes = new HistoryChanges()
  const own = toItems(body.input, (itemId) => store.item(caller, itemId), changes)
  const past: PlacedItem[] = collectItems(previous).map((item) => ({ item, param: 'previous_response_id' }))
  // The request's own items are checked first, so that an index in a message is an index in the body.
  for (const items of [own, [...past, ...own]]) {
    checkMessageLimits(
      items.map(({ item }) => (item.type === 'message' ? item : {})),
      settings,
      'input',
    )
  }
  const images = new Images(services, { model, signal })
  const messages = await toMessages([...past, ...own], body.instructions, images, offer.names, changes)
  if (messages.length === 0) throw invalid('input: the conversation is empty.', 'input')
  const input = own.map(({ item }) => item)
  return {
    options: { ...options, ...omitNullish({ model }), messages },
    offer,
    changes,
    turn: { caller, response: createResponseObject(body, id, await models.defaultsOf(id)), input, previous },
  }
}

function previousResponseNotFoundError(id: string): ApiError {
  const message = `There is no response "${id}". It was not stored, or it has been dropped.`
  return new ApiError(404, 'previous_response_not_found', message, { param: 'previous_response_id' })
}

/**
 * Streams the events of a response. The first one is sent with the first chunk, so that earlier errors set the status.
 *
 * @param keep stores the complete response, before the last event is sent.
 */
async function* responseEvents(
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

async function* toServerEvents(events: AsyncIterable<ResponseEvent>): AsyncGenerator<ServerEvent, void> {
  for await (const event of events) yield toServerEvent(event)
}

function toServerEvent(event: ResponseEvent): ServerEvent {
  return { event: event.type, data: event }
}

/** Returns the code of this API for a failed response. */
function failureCode({ status }: ApiError): string {
  if (status === 429) return 'rate_limit_exceeded'
  return status >= 500 ? 'server_error' : 'invalid_prompt'
}
