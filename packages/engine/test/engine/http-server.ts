import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach } from 'vitest'

export interface Seen {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

type Reply = (response: ServerResponse, request: Seen) => void

/** A server of our own that says what a test wants it to, and keeps what it was asked. */
export interface HttpServer {
  readonly baseUrl: string
  readonly origin: string
  /** The requests of this test. */
  readonly seen: Seen[]
  /** How the next requests are answered; forgotten after each test. */
  reply: Reply
}

const nothing: Reply = (response) => response.writeHead(500).end('No reply was set.')

export function useHttpServer(): HttpServer {
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const seen = { method, path, headers, body: await text(request) }
    kept.seen.push(seen)
    kept.reply(response, seen)
  })
  const kept = {
    seen: [] as Seen[],
    reply: nothing,
    get origin() {
      const address = server.address()
      if (address === null || typeof address === 'string')
        throw new Error('The server is there once the tests run.')
      return `http://127.0.0.1:${address.port}`
    },
    get baseUrl() {
      return `${kept.origin}/v1`
    },
  }
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  beforeEach(() => {
    kept.seen.length = 0
    kept.reply = nothing
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return kept
}

/** Answers with a stream of events; objects are written as JSON. */
export function events(response: ServerResponse, data: readonly unknown[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const item of data) {
    response.write(`data: ${typeof item === 'string' ? item : JSON.stringify(item)}\n\n`)
  }
  return response
}

/** A piece of a streamed chat, as OpenAI's API writes it. */
export function delta(content: object, finishReason: string | null = null, index = 0): object {
  return { model: 'served', choices: [{ index, delta: content, finish_reason: finishReason }] }
}
