/** An MCP server over standard input and output, with the tool that the hello model knows, one that fails and one that hangs. */
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const server = new McpServer({ name: 'weather', version: '1.0.0' })
const city = z.object({ city: z.string() })
const how = process.argv[2]
server.registerTool(
  'get_weather',
  { description: 'The weather of a city, now.', inputSchema: city },
  async ({ city }) => {
    if (how === 'fails') throw new Error('No station answers.')
    if (how === 'hangs') await new Promise(() => setInterval(() => undefined, 60_000))
    const text = city === 'Bern' ? '{"sky": "sunny", "celsius": 21}' : `No station in ${city}.`
    return { content: [{ type: 'text', text }] }
  },
)
await server.connect(new StdioServerTransport())
