import { errorMessage } from '../format.ts'
import type { McpServer, Transport } from '../transport/transport.ts'
import { Observable } from './observable.ts'

export interface ToolsState {
  /** The servers, or undefined until they are known. */
  servers?: readonly McpServer[] | undefined
  /** Why they could not be listed. */
  problem?: string | undefined
}

/** The MCP servers whose tools the model can call. Listing them may start programs, so it happens only when needed. */
export class Tools extends Observable<ToolsState> {
  readonly #transport: Transport

  constructor(transport: Transport) {
    super({})
    this.#transport = transport
  }

  /** Lists the servers. */
  async check(): Promise<void> {
    try {
      this.set({ servers: await this.#transport.mcpServers() })
    } catch (error) {
      this.set({ ...this.get(), problem: errorMessage(error) })
    }
  }
}
