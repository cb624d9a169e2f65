import { resolve } from 'node:path'
import type { Tool, ToolCall } from 'mlx-app'
import type { Logger } from 'pino'
import { ApiError, invalid } from '../errors.ts'
import type { Settings } from '../settings.ts'
import { type McpConfig, readMcpConfig } from './config.ts'
import { McpConnection, type McpResult, type McpTool } from './connection.ts'

/** A tool and the connection to its server. */
interface OfferedTool {
  connection: McpConnection
  tool: McpTool
}

/** The tools that a request can use. */
export interface Toolbox {
  tools: Tool[]
  /** Runs a call. A failure is returned as a result, for the model to read. */
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

  /** Lists the servers and their tools. A server that cannot be reached has an error and no tools. */
  async list(): Promise<{ name: string; tools: { name: string; description: string }[]; error?: string }[]> {
    return Promise.all(
      [...this.#connections.values()].map(async (connection) => {
        const { name } = connection
        try {
          const tools = await connection.tools()
          return { name, tools: tools.map((tool) => ({ name: tool.name, description: tool.description })) }
        } catch (err) {
          this.#log.warn({ err, server: name }, 'an MCP server cannot be reached')
          return { name, tools: [], error: 'The server cannot be reached.' }
        }
      }),
    )
  }

  /**
   * Opens the tools of the named servers. A tool keeps its name unless another server has a tool of that name.
   *
   * @throws ApiError 400 for an unknown server, 503 for one that cannot be reached.
   */
  async open(names: readonly string[], signal: AbortSignal): Promise<Toolbox> {
    const offered: OfferedTool[] = []
    for (const name of names) {
      const connection = this.#connections.get(name)
      if (connection === undefined) {
        const known = [...this.#connections.keys()].join(', ')
        throw invalid(
          `mcp_servers: there is no MCP server "${name}". Available servers: ${known}.`,
          'mcp_servers',
        )
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
      const message = `The MCP server "${connection.name}" cannot be reached.`
      throw new ApiError(503, 'mcp_server_unreachable', message, { cause, retryAfterSeconds: 5 })
    }
  }

  async #run(offer: OfferedTool | undefined, call: ToolCall, signal: AbortSignal) {
    if (offer === undefined) return { server: '', text: `There is no tool "${call.name}".`, isError: true }
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
 * Opens the MCP servers in the file that MCP_CONFIG names, relative to the project. Returns undefined if it is not set.
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

/** Returns the name for the model: up to 64 letters, digits, `_`, `.` and `-`. */
function modelName({ connection, tool }: OfferedTool, all: readonly OfferedTool[]): string {
  const clash = all.some((other) => other.connection !== connection && other.tool.name === tool.name)
  const name = clash ? `${connection.name}__${tool.name}` : tool.name
  return name.replace(/[^\w.-]/g, '_').slice(0, 64)
}
