import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { states } from '../engine-service.ts'
import { jsonAnswer, openFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'

const healthy = createRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  summary: 'Whether the process answers',
  tags: [tags.server],
  security: [],
  responses: {
    200: jsonAnswer(z.object({ status: z.literal('ok') }), 'It does.'),
    ...openFailures,
  },
})

const readiness = z.object({ status: z.enum(states) }).openapi('Readiness')

const ready = createRoute({
  method: 'get',
  path: '/ready',
  operationId: 'getReady',
  summary: 'Whether the model is there for requests',
  description: 'For balancers: send requests here as long as the status is 200.',
  tags: [tags.server],
  security: [],
  responses: {
    200: jsonAnswer(readiness, 'The model is in memory.'),
    503: jsonAnswer(readiness, 'It is being loaded or started again, or the server ends.'),
    ...openFailures,
  },
})

/** `/health`: the process answers. `/ready`: the model is there for requests; else 503. */
export function addHealth(api: Api, { engineService }: Services): void {
  api.openapi(healthy, (c) => c.json({ status: 'ok' as const }, 200))
  api.openapi(ready, (c) => {
    const { state } = engineService
    return c.json({ status: state }, state === 'ready' ? 200 : 503)
  })
}
