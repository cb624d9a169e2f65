import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'

/** Tracks the open requests of a server, so that it can stop when all are complete. */
export class OpenRequests {
  readonly #server: Server
  readonly #open = new Set<ServerResponse>()
  #draining = false
  #onIdle: () => void = () => undefined

  constructor(server: Server) {
    this.#server = server
    server.prependListener('request', (_request, response: ServerResponse) => {
      this.#open.add(response)
      if (this.#draining) response.shouldKeepAlive = false
      response.once('close', () => {
        this.#open.delete(response)
        if (this.#open.size === 0) this.#onIdle()
      })
    })
  }

  /**
   * Stops accepting connections and closes each open one after its next response. Clients and load balancers that
   * send a request meanwhile still get a response instead of a broken connection. Resolves when no request is open,
   * or after `graceMs`.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    for (const response of this.#open) response.shouldKeepAlive = false
    // `close` of http.Server would close idle connections at once.
    NetServer.prototype.close.call(this.#server)
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
