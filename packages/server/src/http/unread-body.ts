import type { HttpBindings } from '@hono/node-server'

/**
 * Keeps the connection open for a client that was rejected while it is still sending its body. Clients read the
 * response only after they have sent everything, and Node would have closed the connection by then.
 * @hono/node-server discards the rest of the body and closes the connection after half a second or 64 MiB.
 */
export function finishUnreadBody({ incoming, outgoing }: HttpBindings): void {
  const { 'transfer-encoding': coding, 'content-length': length = 0 } = incoming.headers
  if (outgoing.shouldKeepAlive || incoming.complete || (coding === undefined && Number(length) === 0)) return
  outgoing.shouldKeepAlive = true
  const end = () => incoming.socket.end()
  incoming.once('end', () => (outgoing.writableFinished ? end() : outgoing.once('finish', end)))
}
