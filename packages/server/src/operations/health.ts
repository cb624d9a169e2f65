import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { jsonAnswer, openFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'
import { readinessStates } from '../server-state.ts'

const healthy = createRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  summary: 'Check that the process is alive',
  tags: [tags.server],
  security: [],
  responses: {
    200: jsonAnswer(z.object({ status: z.literal('ok') }), 'The process is alive.'),
    ...openFailures,
  },
})

const readiness = z.object({ status: z.enum(readinessStates) }).openapi('Readiness')

const ready = createRoute({
  method: 'get',
  path: '/ready',
  operationId: 'getReady',
  summary: 'Check that the model is ready',
  description: 'For load balancers: send requests to this server only while the status is 200.',
  tags: [tags.server],
  security: [],
  responses: {
    200: jsonAnswer(readiness, 'The model is ready.'),
    503: jsonAnswer(
      readiness,
      'The model is being loaded or restarted or makes no progress, or the server is shutting down.',
    ),
    ...openFailures,
  },
})

/** Adds `/health`, which answers while the process is alive, and `/ready`, which is 503 until the model is ready. */
export function addHealth(api: Api, { engineService }: Services): void {
  api.openapi(healthy, (c) => c.json({ status: 'ok' as const }, 200))
  api.openapi(ready, (c) => {
    const { readiness: state } = engineService
    return c.json({ status: state }, state === 'ready' ? 200 : 503)
  })
}
