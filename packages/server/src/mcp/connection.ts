import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { McpServerConfig } from './config.ts'

/** A tool as an MCP server describes it; `inputSchema` is a JSON Schema. */
export interface McpTool {
  name: string
  description: string
  inputSchema: Record<string, unknown>
}

export interface McpResult {
  /** What the model reads; images and other bytes are left out, and said to be. */
  text: string
  isError: boolean
}

/** A result is cut after so many characters: a model's context is small beside what a tool may send. */
const longestResult = 100_000

/** One MCP server, connected when it is first needed, and again after it was gone. */
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

  /** @throws Error when the server can't be reached. */
  async tools(signal?: AbortSignal): Promise<McpTool[]> {
    const client = await this.#connected()
    const { tools } = await client.listTools(undefined, this.#limits(signal))
    return tools.map(({ name, description = '', inputSchema }) => ({
      name,
      description,
      inputSchema: { ...inputSchema },
    }))
  }

  /** @throws Error when the server can't be reached, or gives no answer in time. */
  async call(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<McpResult> {
    const client = await this.#connected()
    const result = await client.callTool({ name, arguments: args }, this.#limits(signal))
    const text = result.content
      .map((part) => (part.type === 'text' ? part.text : `[${part.type}: left out]`))
      .join('\n')
    return { text: text.slice(0, longestResult), isError: result.isError === true }
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
