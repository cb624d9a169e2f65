import { createRoute } from '@hono/zod-openapi'
import type { GenerateOptions } from 'mlx-app'
import type { Caller } from '../caller.ts'
import type { Api, Services } from '../context.ts'
import { type ApiError, anthropicError } from '../errors.ts'
import { type ServerEvent, serverSentEvents, streamTimings } from '../events.ts'
import { anthropicFailures, streamedAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { HistoryChanges } from '../requests/history.ts'
import { type Step, withProgress } from '../requests/prompt-progress.ts'
import { eventSchema, type MessageEvent, messageSchema } from './answer-schema.ts'
import { toGenerateOptions } from './generate-options.ts'
import { MessageWriter } from './message-writer.ts'
import { headersSchema, messagesRequestSchema } from './request-schema.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/messages',
  operationId: 'createMessage',
  tags: [tags.messages],
  summary: 'Create a message',
  request: {
    headers: headersSchema,
    body: { required: true, content: { 'application/json': { schema: messagesRequestSchema } } },
  },
  responses: { 200: streamedAnswer(messageSchema, eventSchema, 'The message.'), ...anthropicFailures },
})

/** Adds `POST /v1/messages` of Anthropic's API. */
export function addMessages(api: Api, services: Services): void {
  api.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const { caller, requestId } = c.var
    const { signal } = c.req.raw
    const changes = new HistoryChanges()
    const { model, options } = await toGenerateOptions(body, services, signal, changes)
    changes.report(c)
    const { thinking } = body
    const showThinking = thinking == null || !('display' in thinking) || thinking.display !== 'omitted'
    const writer = new MessageWriter({ model, maxTokens: options.maxTokens, showThinking })
    const events = messageEvents(streamSteps(services, caller, options, signal), writer)
    if (body.stream !== true) {
      // Reading all events completes the message.
      for await (const _ of events);
      return c.json(writer.message, 200)
    }
    const toErrorEvents = (error: ApiError) => [{ event: 'error', data: anthropicError(error, requestId) }]
    const timings = streamTimings(services.settings)
    return serverSentEvents(c, toServerEvents(events), toErrorEvents, timings, () => [
      { event: 'ping', data: { type: 'ping' } satisfies MessageEvent },
    ])
  })
}

/** Streams the answer with the progress of its prefill. Remote servers may not report progress. */
function streamSteps(
  { generations, engineService }: Services,
  caller: Caller,
  options: GenerateOptions,
  signal: AbortSignal,
): AsyncIterable<Step> {
  return withProgress((onPromptProgress) =>
    generations.stream(caller, { ...options, ...(!engineService.isRemote && { onPromptProgress }) }, signal),
  )
}

/** Streams the events of a message. The first one is sent during prefill, when the prompt is known to be valid. */
async function* messageEvents(
  steps: AsyncIterable<Step>,
  writer: MessageWriter,
): AsyncGenerator<MessageEvent, void> {
  for await (const step of steps) {
    yield* writer.begin('progress' in step ? step.progress : undefined)
    if (!('chunk' in step)) continue
    yield* writer.write(step.chunk)
    if (step.chunk.usage !== undefined) yield* writer.end(step.chunk)
  }
}

async function* toServerEvents(events: AsyncIterable<MessageEvent>): AsyncGenerator<ServerEvent, void> {
  for await (const event of events) yield { event: event.type, data: event }
}
