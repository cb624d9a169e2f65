import { once } from 'node:events'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

export interface RawAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export interface RawRequest {
  method?: string
  path?: string
  headers?: OutgoingHttpHeaders
  body?: string | Buffer
}

/** A request whose every header is the test's own, Host and Origin too, which `fetch` keeps for itself. */
export async function send(url: string, { body, path = '/', ...options }: RawRequest): Promise<RawAnswer> {
  const outgoing = request(new URL(url), { agent: false, path, ...options })
  outgoing.end(body)
  const [response] = await once(outgoing, 'response')
  return { status: response.statusCode, headers: response.headers, text: await text(response) }
}

/** A connection to the server, on which anything can be written. */
export async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
  // A server that cuts a connection may do so while the client writes; what it said before is what counts.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Everything that the server says on a connection, from what is written to it until it closes it. */
export async function exchange(url: string, written: string | Buffer): Promise<string> {
  const socket = await open(url)
  socket.write(written)
  return rest(socket)
}

/** What comes on a connection until it is closed, cut or not. */
export async function rest(socket: Socket): Promise<string> {
  let said = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    said += piece
  })
  // Not `once` of node:events, which takes an error for the end.
  await new Promise((resolve) => socket.once('close', resolve))
  return said
}
