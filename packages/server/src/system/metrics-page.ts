import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { readFailures } from '../documents/responses.ts'
import { tags } from '../documents/tags.ts'
import { watchEngine } from './engine-metrics.ts'

const route = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Numbers for monitoring',
  description:
    'Requests, queue, time to first token, tokens, memory and restarts in the text format of Prometheus.',
  tags: [tags.server],
  responses: {
    200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
    ...readFailures,
  },
})

/** `GET /metrics`: https://prometheus.io/docs/instrumenting/exposition_formats/. */
export function metricsPage(api: Api, services: Services): void {
  const { registry } = services.metrics
  const refresh = watchEngine(services)
  api.openapi(route, async (c) => {
    await refresh()
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })
}
