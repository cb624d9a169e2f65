import { once } from 'node:events'
import { connect } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import type { ApiEnv } from '../src/context.ts'
import { ApiError, openaiError } from '../src/errors.ts'
import { type ServerEvent, type StreamTimings, serverSentEvents } from '../src/events.ts'
import { rest } from './raw.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server whose every answer is a stream of these events. */
async function serve(
  events: () => AsyncIterable<ServerEvent>,
  timings: StreamTimings,
  beat?: () => ServerEvent[],
) {
  const app = new Hono<ApiEnv>()
  app.use((c, next) => {
    c.set('log', pino({ level: 'silent' }))
    return next()
  })
  app.get('/', (c) =>
    serverSentEvents(c, events(), (error) => [{ data: openaiError(error, 'req_1') }], timings, beat),
  )
  app.onError((error, c) => c.text(error.message, 418))
  const server = createAdaptorServer({ fetch: app.fetch })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return address.port
}

const usual: StreamTimings = { headAfterMs: 5000, heartbeatMs: 5000, stalledMs: 60_000 }

/** A promise, and what keeps it. */
function event() {
  let happen: () => void = () => undefined
  const happened = new Promise<void>((resolve) => {
    happen = resolve
  })
  return { happen, happened }
}

test('a silent stream gets comments and events after its headers', async () => {
  const go = event()
  async function* events() {
    await go.happened
    yield { data: { late: true } }
  }
  const port = await serve(events, { ...usual, headAfterMs: 20, heartbeatMs: 20 }, () => [
    { event: 'ping', data: {} },
  ])
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect(response.status).toBe(200)
  const heartbeat = ': still here\n\nevent: ping\ndata: {}\n\n'
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += new TextDecoder().decode(bytes)
    if (text.split(heartbeat).length === 4) go.happen()
  }
  expect(text.replaceAll(heartbeat, '')).toBe('data: {"late":true}\n\n')
})

test('an error before the first event sets the status, and a later one is an event', async () => {
  const early = (): AsyncIterable<ServerEvent> => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('early')) }),
  })
  const refused = await fetch(`http://127.0.0.1:${await serve(early, usual)}/`)
  expect([refused.status, await refused.text()]).toEqual([418, 'early'])
  async function* late() {
    yield { event: 'first', data: 'one' }
    throw new ApiError(503, 'model_restarting', 'It died.')
  }
  const cut = await fetch(`http://127.0.0.1:${await serve(late, usual)}/`)
  const error = { message: 'It died.', type: 'server_error', param: null, code: 'model_restarting' }
  const told = `event: first\ndata: one\n\ndata: ${JSON.stringify({ error })}\n\n`
  expect([cut.status, await cut.text()]).toEqual([200, told])
})

test('events are read only as fast as the client reads, and a client that stops reading is disconnected', async () => {
  let made = 0
  const over = event()
  async function* events() {
    try {
      while (true) {
        made += 1
        yield { data: 'x'.repeat(65_536) }
      }
    } finally {
      over.happen()
    }
  }
  const port = await serve(events, { ...usual, heartbeatMs: 50, stalledMs: 200 })
  const client = connect(port, '127.0.0.1')
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await over.happened
  // What the system keeps for a connection: some megabytes.
  expect(made * 65_536).toBeLessThan(64 * 1024 * 1024)
  client.resume()
  await rest(client)
})
