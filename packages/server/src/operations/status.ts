import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { type EngineService, states } from '../engine-service.ts'
import { lacksCaller } from '../http/authentication.ts'
import { jsonAnswer, openFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { progressSchema, toProgress } from './load-progress.ts'

const statusSchema = z
  .object({
    state: z.enum(states),
    model: z.string().meta({ description: 'The model that answers where a request names none.' }),
    progress: progressSchema.optional(),
    message: z.string().optional().meta({ description: 'What the state means, where it is not `ready`.' }),
    needs_key: z.boolean().meta({ description: 'Whether requests need a key.' }),
  })
  .openapi('ServerStatus')

const route = createRoute({
  method: 'get',
  path: '/api/status',
  operationId: 'getStatus',
  summary: 'How the server is',
  description: 'For the page of the server. An extension: OpenAI has nothing like it.',
  tags: [tags.server],
  security: [],
  responses: { 200: jsonAnswer(statusSchema, 'The state.'), ...openFailures },
})

/** `GET /api/status`: what the page shows of the server, and says nothing of the inside. */
export function addStatus(api: Api, services: Services): void {
  const { engineService, models } = services
  api.openapi(route, async (c) => {
    const { state, progress } = engineService
    return c.json(
      {
        state,
        model: models.defaultId,
        progress: progress && toProgress(progress),
        message: describeState(engineService),
        needs_key: await lacksCaller(c, services),
      },
      200,
    )
  })
}

function describeState({ state, error }: EngineService): string | undefined {
  if (state === 'ready') return undefined
  if (state === 'stopping') return 'The server is shutting down.'
  if (state === 'starting' || state === 'loading') return 'The model is being loaded.'
  const why = error?.code === 'OUT_OF_MEMORY' ? 'ran out of memory' : 'has ended'
  const then =
    state === 'failed'
      ? 'and could not be started again yet; the log of the server says why. It is tried further.'
      : 'and is being started again.'
  return `The process that runs the model ${why} ${then}`
}
