import { errorMessage } from '../format.ts'
import type { McpServer, Transport } from '../transport/transport.ts'
import { Observable } from './observable.ts'

export interface ToolsState {
  /** Undefined until they are known. */
  servers?: readonly McpServer[] | undefined
  /** Why they could not be asked for. */
  problem?: string | undefined
}

/** The MCP servers, whose tools the model may call. To list them may start programs: so they are asked for when needed. */
export class Tools extends Observable<ToolsState> {
  readonly #transport: Transport

  constructor(transport: Transport) {
    super({})
    this.#transport = transport
  }

  async check(): Promise<void> {
    try {
      this.set({ servers: await this.#transport.mcpServers() })
    } catch (error) {
      this.set({ ...this.get(), problem: errorMessage(error) })
    }
  }
}
