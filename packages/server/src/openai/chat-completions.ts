import { createRoute } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { type ApiError, openaiError } from '../errors.ts'
import { serverSentEvents, streamTimings } from '../events.ts'
import { collectToolRuns, prepareStream, toMcpCalls } from '../mcp/request.ts'
import { openaiFailures, streamedAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { HistoryChanges } from '../requests/history.ts'
import { Images } from '../requests/images.ts'
import { withProgress } from '../requests/prompt-progress.ts'
import { chatAnswerSchema, toChatAnswer } from './chat-answer.ts'
import { chatChunkSchema, chatEvents, emptyChatEvent } from './chat-events.ts'
import { toGenerateOptions } from './chat-options.ts'
import { chatRequestSchema } from './chat-request.ts'
import { customToolNames } from './chat-tools.ts'
import { createEnvelopeFactory } from './envelope.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/chat/completions',
  operationId: 'createChatCompletion',
  tags: [tags.chat],
  summary: 'Create a chat completion',
  request: { body: { required: true, content: { 'application/json': { schema: chatRequestSchema } } } },
  responses: {
    200: streamedAnswer(chatAnswerSchema, chatChunkSchema, 'The chat completion.'),
    ...openaiFailures,
  },
})

/** Adds `POST /v1/chat/completions`: https://platform.openai.com/docs/api-reference/chat. */
export function addChatCompletions(api: Api, services: Services): void {
  const { models, settings } = services
  const createEnvelope = createEnvelopeFactory(services)
  api.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const { caller, requestId } = c.var
    const { signal } = c.req.raw
    const { id, model } = await models.resolve(body.model)
    const changes = new HistoryChanges()
    const asked = await toGenerateOptions(body, settings, new Images(services, { model, signal }), changes)
    changes.report(c)
    const options = { ...asked, ...(model !== undefined && { model }) }
    const envelope = await createEnvelope('chatcmpl', id)
    const stream = await prepareStream(services, caller, options, body.mcp_servers ?? [], signal)
    const withLogprobs = body.logprobs === true
    const customTools = customToolNames(body)
    if (body.stream !== true) {
      const { answer, runs } = await collectToolRuns(stream())
      const calls = runs.length > 0 ? { mcp_calls: toMcpCalls(runs) } : {}
      return c.json({ ...toChatAnswer(envelope, answer, { withLogprobs, customTools }), ...calls }, 200)
    }
    const steps = withProgress((report) =>
      stream(body.return_progress === true ? { onPromptProgress: report } : {}),
    )
    const includeUsage = body.stream_options?.include_usage === true
    const events = chatEvents(envelope, steps, { includeUsage, withLogprobs, customTools })
    const toErrorEvents = (error: ApiError) => [{ data: openaiError(error, requestId) }]
    const beat = () => [emptyChatEvent(envelope, includeUsage)]
    return serverSentEvents(c, events, toErrorEvents, streamTimings(settings), beat)
  })
}
