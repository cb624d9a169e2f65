/** A proxy like that of a company. It requires a password, only forwards to known hosts, and records all requests. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

export interface ConnectProxy extends AsyncDisposable {
  /** The path of its Unix socket. */
  socket: string
  /** `user:password`, for its URL. */
  credentials: string
  /** The requests so far: `CONNECT host:port`, or `GET http://...` for a request without TLS. */
  asked: string[]
  /** The number of requests without the password. */
  refused: number
}

export interface ProxyOptions {
  socket: string
  credentials: string
  /** The local port for each known `host:port`. */
  routes: Readonly<Record<string, number>>
}

export async function startProxy({ socket, credentials, routes }: ProxyOptions): Promise<ConnectProxy> {
  const expected = `Basic ${Buffer.from(credentials).toString('base64')}`
  const server = createServer((request, response) => {
    proxy.asked.push(`${request.method} ${request.url}`)
    response.writeHead(403).end('This proxy does not forward requests without TLS.\n')
  })
  server.on('connect', (request, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy())
    if (request.headers['proxy-authorization'] !== expected) {
      proxy.refused++
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n',
      )
      return
    }
    proxy.asked.push(`CONNECT ${request.url}`)
    const port = routes[request.url ?? '']
    if (port === undefined) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      target.write(head)
      target.pipe(client).pipe(target)
    })
    target.on('error', () => client.destroy())
    client.on('close', () => target.destroy())
  })
  const proxy: ConnectProxy = {
    socket,
    credentials,
    asked: [],
    refused: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.listen(socket)
  await once(server, 'listening')
  return proxy
}
