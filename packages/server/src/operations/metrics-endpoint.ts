import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { readFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'

const route = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Get metrics',
  description:
    'Requests, queue, time to first token, tokens, memory and restarts in the Prometheus text format.',
  tags: [tags.server],
  responses: {
    200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
    ...readFailures,
  },
})

/** Adds `GET /metrics`: https://prometheus.io/docs/instrumenting/exposition_formats/. */
export function addMetrics(api: Api, { metrics }: Services): void {
  api.openapi(route, async (c) => {
    return c.body(await metrics.read(), 200, { 'content-type': metrics.registry.contentType })
  })
}
