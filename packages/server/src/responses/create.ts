import { createRoute } from '@hono/zod-openapi'
import type { Chunk } from 'mlx-app'
import type { Api, Services } from '../context.ts'
import { type ApiError, openaiError } from '../errors.ts'
import { type ServerEvent, serverSentEvents, streamTimings } from '../events.ts'
import { openaiFailures, streamedAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { eventSchema, type ResponseEvent } from './event-schemas.ts'
import { prepare } from './prepare.ts'
import { requestBodySchema } from './request-body.ts'
import { type ResponseObject, responseSchema } from './response-schemas.ts'
import type { ResponseStore } from './response-store.ts'
import { ResponseWriter } from './response-writer.ts'

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
    const toErrorEvents = (error: ApiError) => {
      const { message } = openaiError(error, requestId).error
      return [toServerEvent(writer.failed({ code: failureCode(error), message, param: error.param ?? null }))]
    }
    const timings = streamTimings(services.settings)
    const beat = () => [...writer.beat()].map(toServerEvent)
    return serverSentEvents(c, toServerEvents(events), toErrorEvents, timings, beat)
  })
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
