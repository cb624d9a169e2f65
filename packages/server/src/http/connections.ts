import { type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError, openaiError } from '../errors.ts'
import type { Settings } from '../settings.ts'

/** How many bytes the headers of a request may take: twice those of the longest official client, and of any key. */
const headerBytes = 16 * 1024

/** How often connections are looked at that are too slow: they get so much more time at most. */
const checkMs = 500

/** For `http.createServer`: what a connection may take of time and memory before a request of it is here. */
export function connectionOptions(settings: Settings) {
  return {
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.bodyTimeoutMs,
    keepAliveTimeout: settings.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(checkMs, settings.headersTimeoutMs, settings.bodyTimeoutMs),
    maxHeaderSize: headerBytes,
  }
}

type Limited = Pick<Server, 'maxConnections' | 'on' | 'emit'>

/** Bounds the connections of a server, and answers those that never become a request. */
export function boundConnections(server: Limited, settings: Settings): void {
  server.maxConnections = settings.maxConnections
  // Without a listener Node asks for the body at once, before anybody has looked at the headers.
  server.on('checkContinue', (request, response) => server.emit('request', request, response))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const failure = failures[error.code ?? ''] ?? malformed
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else answer(socket, failure)
  })
}

const malformed = new ApiError(400, 'malformed_request', 'This is no HTTP request.')

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
