import { createRoute, z } from '@hono/zod-openapi'
import type { Api, Services } from '../context.ts'
import { jsonAnswer, readFailures } from '../openapi/responses.ts'
import { tags } from '../openapi/tags.ts'

const listSchema = z
  .object({
    servers: z.array(
      z.object({
        name: z.string(),
        tools: z.array(z.object({ name: z.string(), description: z.string() })),
        error: z.string().optional(),
      }),
    ),
  })
  .openapi('McpServerList')

const route = createRoute({
  method: 'get',
  path: '/api/mcp',
  operationId: 'listMcpServers',
  tags: [tags.server],
  summary: 'The MCP servers whose tools a request may use, by `mcp_servers`',
  responses: {
    200: jsonAnswer(listSchema, 'Those that are configured; none unless MCP_CONFIG names a file.'),
    ...readFailures,
  },
})

/** `GET /api/mcp`. */
export function addMcpServers(api: Api, { mcp }: Services): void {
  api.openapi(route, async (c) => c.json({ servers: (await mcp?.list()) ?? [] }, 200))
}
