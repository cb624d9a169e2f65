import { createRoute, z } from '@hono/zod-openapi'
import type { Engine, LoadProgress } from 'mlx-app'
import type { Api, Services } from '../context.ts'
import { openaiError } from '../errors.ts'
import { type ServerEvent, serverSentEvents } from '../events.ts'
import { openaiFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { progressSchema, toProgress } from './load-progress.ts'

const eventSchema = z
  .union([progressSchema, z.object({ model: z.string() })])
  .meta({ description: 'Of an event `progress`, or of the event `loaded` that is the last.' })

const route = createRoute({
  method: 'post',
  path: '/api/load',
  operationId: 'loadModel',
  summary: 'Bring a model into memory',
  description:
    'Loads one of the models of `/v1/models`, and tells how far it is as server-sent events. An extension: OpenAI has nothing like it. Nothing is downloaded.',
  tags: [tags.models],
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z
            .object({ model: z.string().nullish().meta({ description: 'Default: the configured one.' }) })
            .openapi('LoadRequest'),
        },
      },
    },
  },
  responses: {
    200: {
      description: 'Events `progress`, then `loaded`, or `error` where it can’t be loaded.',
      content: { 'text/event-stream': { schema: eventSchema } },
    },
    ...openaiFailures,
  },
})

/** `POST /api/load`: the page's way to change the model before the first question to it. */
export function addLoad(api: Api, { engineService, models }: Services): void {
  api.openapi(route, async (c) => {
    const { id, ...named } = await models.resolve(c.req.valid('json').model)
    const { signal } = c.req.raw
    const events = loadEvents(engineService.engine, { id, ...named }, signal)
    return serverSentEvents(c, events, (error) => [
      { event: 'error', data: openaiError(error, c.var.requestId) },
    ])
  })
}

/** The progress as far as it is read: what came meanwhile is replaced by what is newer. */
async function* loadEvents(
  engine: Engine,
  { id, ...named }: { id: string; model?: string },
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let newest: LoadProgress | undefined
  let wake: () => void = () => undefined
  let over = false
  const loading = engine
    .loadModel({
      ...named,
      download: false,
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
  // It is awaited below.
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
