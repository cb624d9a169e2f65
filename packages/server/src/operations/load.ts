import { createRoute, z } from '@hono/zod-openapi'
import type { LoadProgress } from 'mlx-app'
import type { Api, Services } from '../context.ts'
import type { EngineService } from '../engine-service.ts'
import { type ApiError, openaiError } from '../errors.ts'
import { type ServerEvent, serverSentEvents, streamTimings } from '../events.ts'
import { openaiFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { progressSchema, toProgress } from './load-progress.ts'

const eventSchema = z
  .union([progressSchema, z.object({ model: z.string() })])
  .meta({ description: 'The data of a `progress` event, or of the final `loaded` event.' })

const route = createRoute({
  method: 'post',
  path: '/api/load',
  operationId: 'loadModel',
  summary: 'Load a model into memory',
  description:
    'Loads a model from `/v1/models` and reports progress as server-sent events. It downloads nothing. This endpoint is not part of OpenAI’s API.',
  tags: [tags.models],
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z
            .object({ model: z.string().nullish().meta({ description: 'Default: the configured model.' }) })
            .openapi('LoadRequest'),
        },
      },
    },
  },
  responses: {
    200: {
      description: 'Events of type `progress`, then `loaded`, or `error` if the model cannot be loaded.',
      content: { 'text/event-stream': { schema: eventSchema } },
    },
    ...openaiFailures,
  },
})

/** Adds `POST /api/load`, with which the chat page loads a model before the first message to it. */
export function addLoad(api: Api, { engineService, models, settings }: Services): void {
  api.openapi(route, async (c) => {
    const { id, ...named } = await models.resolve(c.req.valid('json').model)
    const { signal } = c.req.raw
    const events = loadEvents(engineService, { id, ...named }, signal)
    const toErrorEvents = (error: ApiError) => [{ event: 'error', data: openaiError(error, c.var.requestId) }]
    return serverSentEvents(c, events, toErrorEvents, streamTimings(settings))
  })
}

/** Streams the progress of a load. If the client reads slowly, older progress is skipped. */
async function* loadEvents(
  engineService: EngineService,
  { id, ...named }: { id: string; model?: string },
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let newest: LoadProgress | undefined
  let wake: () => void = () => undefined
  let over = false
  const loading = engineService
    .loadModel({
      ...named,
      signal,
      onProgress: (progress) => {
        newest = progress
        wake()
      },
    })
    .finally(() => {
      over = true
      wake()
    })
  // Errors surface when `loading` is awaited below.
  loading.catch(() => undefined)
  while (!over) {
    if (newest === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const progress = newest
    newest = undefined
    if (progress !== undefined) yield { event: 'progress', data: toProgress(progress) }
  }
  await loading
  yield { event: 'loaded', data: { model: id } }
}
