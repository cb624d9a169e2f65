import { resolve } from 'node:path'
import type { Tool, ToolCall } from 'mlx-app'
import type { Logger } from 'pino'
import { ApiError, invalid } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { type McpConfig, readMcpConfig } from './config.ts'
import { McpConnection, type McpResult, type McpTool } from './connection.ts'

/** A tool of a server under the name that the model calls it by. */
interface OfferedTool {
  connection: McpConnection
  tool: McpTool
}

/** The tools that one request may use. */
export interface Toolbox {
  tools: Tool[]
  /** Runs a call; what fails is an answer that says so, for the model to read. */
  run(call: ToolCall, signal: AbortSignal): Promise<McpResult & { server: string }>
}

/** The configured MCP servers. */
export class McpServers {
  readonly #connections: Map<string, McpConnection>
  readonly #log: Logger

  constructor(config: McpConfig, timeoutMs: number, log: Logger) {
    const { servers, directory } = config
    this.#connections = new Map(
      [...servers].map(([name, server]) => [name, new McpConnection(name, server, directory, timeoutMs)]),
    )
    this.#log = log
  }

  /** Each server with its tools; without those of one that can't be reached. */
  async list(): Promise<{ name: string; tools: { name: string; description: string }[]; error?: string }[]> {
    return Promise.all(
      [...this.#connections.values()].map(async (connection) => {
        const { name } = connection
        try {
          const tools = await connection.tools()
          return { name, tools: tools.map((tool) => ({ name: tool.name, description: tool.description })) }
        } catch (err) {
          this.#log.warn({ err, server: name }, 'an MCP server can not be reached')
          return { name, tools: [], error: 'It can not be reached.' }
        }
      }),
    )
  }

  /**
   * The tools of some servers. A tool keeps its name where no other server has one of that name.
   *
   * @throws ApiError 400 for a server that is not configured, 503 for one that can't be reached.
   */
  async open(names: readonly string[], signal: AbortSignal): Promise<Toolbox> {
    const offered: OfferedTool[] = []
    for (const name of names) {
      const connection = this.#connections.get(name)
      if (connection === undefined) {
        const known = [...this.#connections.keys()].join(', ')
        throw invalid(`mcp_servers: there is no MCP server "${name}" here, but: ${known}.`, 'mcp_servers')
      }
      for (const tool of await this.#toolsOf(connection, signal)) offered.push({ connection, tool })
    }
    const byName = new Map(offered.map((offer) => [modelName(offer, offered), offer]))
    return {
      tools: [...byName].map(([name, { tool }]) => ({
        name,
        description: tool.description,
        parameters: tool.inputSchema,
      })),
      run: (call, signal) => this.#run(byName.get(call.name), call, signal),
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  async #toolsOf(connection: McpConnection, signal: AbortSignal): Promise<McpTool[]> {
    try {
      return await connection.tools(signal)
    } catch (cause) {
      const message = `The MCP server "${connection.name}" can not be reached.`
      throw new ApiError(503, 'mcp_server_unreachable', message, { cause, retryAfterSeconds: 5 })
    }
  }

  async #run(offer: OfferedTool | undefined, call: ToolCall, signal: AbortSignal) {
    if (offer === undefined) return { server: '', text: `There is no tool ${call.name}.`, isError: true }
    const { connection, tool } = offer
    try {
      return { server: connection.name, ...(await connection.call(tool.name, call.arguments, signal)) }
    } catch (err) {
      if (signal.aborted) throw err
      this.#log.warn({ err, server: connection.name, tool: tool.name }, 'an MCP tool failed')
      return { server: connection.name, text: 'The tool failed.', isError: true }
    }
  }
}

/**
 * The servers of the file that MCP_CONFIG names, relative to the project; undefined where it names none.
 *
 * @throws SettingError as `readMcpConfig`.
 */
export async function openMcpServers(
  { mcpConfig, mcpTimeoutMs }: Settings,
  root: string,
  log: Logger,
): Promise<McpServers | undefined> {
  if (mcpConfig === '') return undefined
  return new McpServers(await readMcpConfig(resolve(root, mcpConfig)), mcpTimeoutMs, log)
}

/** Names of tools are letters, digits and `_ . -`, up to 64, for the model. */
function modelName({ connection, tool }: OfferedTool, all: readonly OfferedTool[]): string {
  const clash = all.some((other) => other.connection !== connection && other.tool.name === tool.name)
  const name = clash ? `${connection.name}__${tool.name}` : tool.name
  return name.replace(/[^\w.-]/g, '_').slice(0, 64)
}
