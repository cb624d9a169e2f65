import type { HttpBindings } from '@hono/node-server'

/**
 * Keeps the connection of a client that is still sending its body open for a moment after it was refused, though it
 * asked for an end: it reads the refusal when it has sent all, and Node would have cut it by then. What comes is
 * dropped by @hono/node-server, which ends the connection after half a second or 64 MiB.
 */
export function finishUnreadBody({ incoming, outgoing }: HttpBindings): void {
  const { 'transfer-encoding': coding, 'content-length': length = 0 } = incoming.headers
  if (outgoing.shouldKeepAlive || incoming.complete || (coding === undefined && Number(length) === 0)) return
  outgoing.shouldKeepAlive = true
  const end = () => incoming.socket.end()
  incoming.once('end', () => (outgoing.writableFinished ? end() : outgoing.once('finish', end)))
}
