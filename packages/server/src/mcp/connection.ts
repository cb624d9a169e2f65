import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { McpServerConfig } from './config.ts'

/** A tool of an MCP server. `inputSchema` is a JSON Schema. */
export interface McpTool {
  name: string
  description: string
  inputSchema: Record<string, unknown>
}

export interface McpResult {
  /** The text for the model. Images and other binary parts are replaced by a placeholder. */
  text: string
  isError: boolean
}

/** The maximum characters of a result. Longer results are cut, because the context of a model is limited. */
const maxResultCharacters = 100_000

/** A connection to an MCP server. It connects on first use and reconnects after a disconnect. */
export class McpConnection {
  readonly name: string
  readonly #config: McpServerConfig
  readonly #directory: string
  readonly #timeoutMs: number
  #client: Promise<Client> | undefined

  constructor(name: string, config: McpServerConfig, directory: string, timeoutMs: number) {
    this.name = name
    this.#config = config
    this.#directory = directory
    this.#timeoutMs = timeoutMs
  }

  /**
   * Lists the tools of the server.
   *
   * @throws Error if the server cannot be reached.
   */
  async tools(signal?: AbortSignal): Promise<McpTool[]> {
    const client = await this.#connected()
    const { tools } = await client.listTools(undefined, this.#limits(signal))
    return tools.map(({ name, description = '', inputSchema }) => ({
      name,
      description,
      inputSchema: { ...inputSchema },
    }))
  }

  /**
   * Calls a tool.
   *
   * @throws Error if the server cannot be reached or does not answer in time.
   */
  async call(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<McpResult> {
    const client = await this.#connected()
    const result = await client.callTool({ name, arguments: args }, this.#limits(signal))
    const text = result.content
      .map((part) => (part.type === 'text' ? part.text : `[${part.type} omitted]`))
      .join('\n')
    return { text: text.slice(0, maxResultCharacters), isError: result.isError === true }
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    await client?.close()
  }

  #limits(signal: AbortSignal | undefined) {
    return { timeout: this.#timeoutMs, ...(signal === undefined ? {} : { signal }) }
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#connect()
    return this.#client
  }

  async #connect(): Promise<Client> {
    const client = new Client({ name: 'mlx-app', version: '1.0.0' })
    client.onclose = () => {
      this.#client = undefined
    }
    try {
      await client.connect(this.#transport())
    } catch (error) {
      this.#client = undefined
      throw error
    }
    return client
  }

  #transport() {
    const config = this.#config
    if ('url' in config) {
      return new StreamableHTTPClientTransport(new URL(config.url), {
        requestInit: { headers: config.headers },
      })
    }
    return new StdioClientTransport({
      command: config.command,
      args: config.args,
      env: { ...getDefaultEnvironment(), ...config.env },
      cwd: this.#directory,
      stderr: 'ignore',
    })
  }
}
