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
  summary: 'List MCP servers and their tools',
  description: 'A request selects servers by name in `mcp_servers`.',
  responses: {
    200: jsonAnswer(listSchema, 'The configured MCP servers. The list is empty if MCP_CONFIG is not set.'),
    ...readFailures,
  },
})

/** Adds `GET /api/mcp`. */
export function addMcpServers(api: Api, { mcp }: Services): void {
  api.openapi(route, async (c) => c.json({ servers: (await mcp?.list()) ?? [] }, 200))
}
