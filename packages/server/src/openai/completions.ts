import { createRoute } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { type ApiError, openaiError } from '../errors.ts'
import { serverSentEvents, streamTimings } from '../events.ts'
import { openaiFailures, streamedAnswer } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { createEnvelopeFactory } from './envelope.ts'
import { mergeStreams } from './merge-streams.ts'
import { emptyTextEvent, textAnswerSchema, textEvents, toTextAnswer } from './text-answer.ts'
import { toTextOptions } from './text-options.ts'
import { textRequestSchema } from './text-request.ts'

const route = createRoute({
  method: 'post',
  path: '/v1/completions',
  operationId: 'createCompletion',
  tags: [tags.text],
  summary: 'Create a completion',
  request: { body: { required: true, content: { 'application/json': { schema: textRequestSchema } } } },
  responses: {
    200: streamedAnswer(textAnswerSchema, textAnswerSchema, 'The completion.'),
    ...openaiFailures,
  },
})

/** Adds `POST /v1/completions`: https://platform.openai.com/docs/api-reference/completions. */
export function addCompletions(api: Api, services: Services): void {
  const { generations, models, engineService, settings } = services
  const createEnvelope = createEnvelopeFactory(services)
  api.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const { caller, requestId } = c.var
    const { id, model } = await models.resolve(body.model)
    // An error for one prompt cancels the others.
    const stop = new AbortController()
    const signal = AbortSignal.any([c.req.raw.signal, stop.signal])
    const named = model !== undefined && { model }
    const { engine } = engineService
    const asked = await toTextOptions(body, settings, { engine, options: { ...named, signal } })
    const calls = asked.map((options) => ({ ...options, ...named }))
    const envelope = await createEnvelope('cmpl', id)
    const options = {
      prompts: calls.map(({ prompt }) => prompt),
      n: body.n ?? 1,
      echo: body.echo === true,
      withLogprobs: body.logprobs != null,
      includeUsage: body.stream_options?.include_usage === true,
    }
    if (body.stream !== true) {
      const answers = calls.map((call) => generations.complete(caller, call, signal))
      try {
        return c.json(toTextAnswer(envelope, await Promise.all(answers), options), 200)
      } finally {
        stop.abort()
        await Promise.allSettled(answers)
      }
    }
    const chunks = mergeStreams(
      calls.map((call) => generations.stream(caller, call, signal)),
      stop,
    )
    const events = textEvents(envelope, chunks, options)
    const toErrorEvents = (error: ApiError) => [{ data: openaiError(error, requestId) }]
    const beat = () => [emptyTextEvent(envelope, options.includeUsage)]
    return serverSentEvents(c, events, toErrorEvents, streamTimings(settings), beat)
  })
}
