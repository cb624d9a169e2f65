import type { Server, ServerResponse } from 'node:http'
import { Server as NetServer } from 'node:net'

/** The requests of a server that are under way, so that it can end once there are none. */
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
   * Takes no new connection, and ends each one that is open with its next answer: a client or a balancer that sends a
   * request meanwhile gets an answer, and not a connection that breaks under it. Resolves once no request is under
   * way, or after `graceMs`.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    for (const response of this.#open) response.shouldKeepAlive = false
    // http.Server's own `close` would cut the connections that are idle now.
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
