import { type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError, openaiError } from '../errors.ts'
import type { Settings } from '../settings.ts'

/** The maximum size of request headers: twice what the official clients send. */
const headerBytes = 16 * 1024

/** How often slow connections are checked, which is also how much longer than allowed they can take. */
const checkMs = 500

/** Returns the options of `http.createServer` that limit the time and memory of incoming requests. */
export function connectionOptions(settings: Settings) {
  return {
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.bodyTimeoutMs,
    keepAliveTimeout: settings.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(checkMs, settings.headersTimeoutMs, settings.bodyTimeoutMs),
    maxHeaderSize: headerBytes,
  }
}

type LimitedServer = Pick<Server, 'maxConnections' | 'on' | 'emit'>

/** Limits the connections of a server and answers those that never become a request. */
export function limitConnections(server: LimitedServer, settings: Settings): void {
  server.maxConnections = settings.maxConnections
  // Without this listener, Node requests the body before the headers are checked.
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const failure = failures[error.code ?? ''] ?? malformed
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else answer(socket, failure)
  })
}

const malformed = new ApiError(400, 'malformed_request', 'This is not a valid HTTP request.')

/** https://nodejs.org/docs/latest-v20.x/api/http.html#event-clienterror */
const failures: Partial<Record<string, ApiError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new ApiError(408, 'request_timeout', 'The request took too long to arrive.'),
  HPE_HEADER_OVERFLOW: new ApiError(431, 'headers_too_large', 'The headers are too large.'),
}

function answer(socket: Duplex, error: ApiError): void {
  const body = JSON.stringify(openaiError(error, ''))
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
