import { getEventListeners, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../src/engine/index.ts'
import { createRemoteEngine } from '../../src/engine/remote/create-remote-engine.ts'
import type { RemoteOptions } from '../../src/engine/remote/options.ts'
import { freePort } from './free-port.ts'
import { delta, events, useHttpServer } from './http-server.ts'
import { ask } from './support.ts'

const server = useHttpServer()
const elsewhere = useHttpServer()
const apiKey = 'sk-very-secret'

function engineOf(options: Partial<RemoteOptions> = {}) {
  return createRemoteEngine({ baseUrl: server.baseUrl, model: 'big', apiKey, ...options })
}

async function failure(call: Promise<unknown>): Promise<EngineError> {
  try {
    await call
  } catch (error) {
    if (error instanceof EngineError) return error
    throw error
  }
  throw new Error('The call did not fail.')
}

const whole = [delta({ content: 'Yes.' }), delta({}, 'stop'), '[DONE]']

describe('an invalid answer', () => {
  test.each<[string, (response: ServerResponse) => void]>([
    ['ends in the middle', (response) => events(response, [delta({ content: 'Once' })]).end()],
    [
      'says that it is done and has no end',
      (response) => events(response, [delta({ content: 'Once' }), '[DONE]']).end(),
    ],
    ['is empty', (response) => events(response, []).end()],
    ['lacks one of its sequences', (response) => events(response, [delta({}, 'stop', 1), '[DONE]']).end()],
    ['has one sequence too many', (response) => events(response, [delta({ content: 'a' }, null, 2)]).end()],
    ['is garbage', (response) => events(response, ['}{']).end()],
    ['is other JSON', (response) => events(response, [{ choices: 'none' }]).end()],
    ['has a number for a text', (response) => events(response, [delta({ content: 5 })]).end()],
    ['breaks off with an error', (response) => events(response, [{ error: { message: 'It broke.' } }]).end()],
    ['is a page', (response) => response.setHeader('content-type', 'text/html').end('<html>Log in!</html>')],
    ['has no type', (response) => response.end()],
    [
      'is an error with status 200',
      (response) => response.setHeader('content-type', 'application/json').end('{"error":"It broke."}'),
    ],
  ])('that %s is REMOTE_FAILED', async (_, reply) => {
    server.reply = reply
    const error = await failure(engineOf().complete({ ...ask('Hi'), n: 2 }))
    expect(error).toMatchObject({ code: 'REMOTE_FAILED' })
    expect(error.describe()).not.toContain(apiKey)
  })

  test('that loses its connection is REMOTE_FAILED, after the text received so far', async () => {
    server.reply = (response) =>
      events(response, []).write(`data: ${JSON.stringify(delta({ content: 'Once' }))}\n\n`, () =>
        response.destroy(),
      )
    let text = ''
    const read = async () => {
      for await (const chunk of engineOf().generate(ask('Hi'))) text += chunk.text
    }
    expect(await failure(read())).toMatchObject({ code: 'REMOTE_FAILED' })
    expect(text).toBe('Once')
  })

  test('with an endless event is REMOTE_FAILED before memory runs out', async () => {
    server.reply = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: ')
      const megabyte = 'x'.repeat(1024 * 1024)
      const more = () => {
        if (!response.destroyed) response.write(megabyte, more)
      }
      more()
    }
    const error = await failure(engineOf().complete(ask('Hi')))
    expect(error).toMatchObject({ code: 'REMOTE_FAILED', message: expect.stringContaining('without an end') })
  })

  test('has the message of the server', async () => {
    server.reply = (response) => events(response, [{ error: { message: 'The disk is full.' } }]).end()
    expect((await failure(engineOf().complete(ask('Hi')))).message).toContain('The disk is full.')
  })

  test('to a request for the models is REMOTE_FAILED too', async () => {
    for (const body of ['', '[]', '{"data":[{"name":"big"}]}', '<html>']) {
      server.reply = (response) => response.end(body)
      expect(await failure(engineOf().models())).toMatchObject({ code: 'REMOTE_FAILED' })
    }
  })
})

describe('a status', () => {
  test.each([
    [400, 'INVALID_REQUEST'],
    [401, 'ACCESS_DENIED'],
    [403, 'ACCESS_DENIED'],
    [404, 'MODEL_NOT_FOUND'],
    [408, 'DEADLINE_EXCEEDED'],
    [413, 'INVALID_REQUEST'],
    [418, 'REMOTE_FAILED'],
    [422, 'INVALID_REQUEST'],
    [429, 'QUEUE_FULL'],
    [500, 'REMOTE_FAILED'],
    [503, 'REMOTE_FAILED'],
    [504, 'DEADLINE_EXCEEDED'],
  ])('of %d is %s, with the message of the server and without the key', async (status, code) => {
    const message = `Because of ${apiKey}.`
    server.reply = (response) => response.writeHead(status).end(JSON.stringify({ error: { message } }))
    const error = await failure(engineOf().complete(ask('Hi')))
    expect(error).toMatchObject({ code, message: `${server.baseUrl} answered ${status}: Because of ***.` })
  })

  test.each([
    ['an error', '{"error":"plain"}', 'plain'],
    ['a message', '{"message":"plain"}', 'plain'],
    ['a detail', '{"detail":"plain"}', 'plain'],
    ['a JSON string', '"plain"', 'plain'],
    ['text', 'plain words', 'plain words'],
    ['a long text', 'long '.repeat(1000), 'long long'],
  ])('with %s has it in the message', async (_, body, words) => {
    server.reply = (response) => response.writeHead(400).end(body)
    const { message } = await failure(engineOf().complete(ask('Hi')))
    expect(message).toContain(`answered 400: ${words}`)
    expect(message.length).toBeLessThan(700)
  })

  test.each(['<html>Bad gateway</html>', '', '[1]', '{"error":null}'])(
    'with %s has the status in the message',
    async (body) => {
      server.reply = (response) => response.writeHead(502).end(body)
      const { message } = await failure(engineOf().complete(ask('Hi')))
      expect(message).toBe(`${server.baseUrl} answered 502.`)
    },
  )

  test('of 429 says when to try again', async () => {
    server.reply = (response) => response.writeHead(429, { 'retry-after': '7' }).end()
    expect((await failure(engineOf().complete(ask('Hi')))).hint).toBe('Try again in 7 seconds.')
  })

  test('with the code context_length_exceeded is CONTEXT_LENGTH_EXCEEDED', async () => {
    const error = { message: 'Too long.', code: 'context_length_exceeded' }
    server.reply = (response) => response.writeHead(400).end(JSON.stringify({ error }))
    expect(await failure(engineOf().complete(ask('Hi')))).toMatchObject({ code: 'CONTEXT_LENGTH_EXCEEDED' })
  })

  test.each([301, 302, 307, 308])(
    'of %d is not followed, so the key is not sent elsewhere',
    async (status) => {
      server.reply = (response) => response.writeHead(status, { location: `${elsewhere.baseUrl}/x` }).end()
      const error = await failure(engineOf().complete(ask('Hi')))
      expect(error).toMatchObject({
        code: 'REMOTE_FAILED',
        message: expect.stringContaining(elsewhere.origin),
      })
      expect(elsewhere.seen).toEqual([])
    },
  )

  test('of 404 that mlx_lm.server sends for any error is INVALID_REQUEST if it has the model', async () => {
    server.reply = (response, { path }) =>
      path.endsWith('/models')
        ? response.end('{"data":[{"id":"big"}]}')
        : response.writeHead(404).end('{"error":"Too many of them."}')
    const engine = engineOf({ server: 'mlx-lm' })
    const message = expect.stringContaining('Too many of them.')
    expect(await failure(engine.complete(ask('Hi')))).toMatchObject({ code: 'INVALID_REQUEST', message })
    const other = await failure(engine.complete({ ...ask('Hi'), model: 'other' }))
    expect(other).toMatchObject({ code: 'MODEL_NOT_FOUND', message })
  })
})

describe('a server that hangs', () => {
  /** Resolves when the server sees that the client has left. */
  function hang(begin: (response: ServerResponse) => void): Promise<{ left: Promise<unknown> }> {
    return new Promise((resolve) => {
      server.reply = (response) => {
        begin(response)
        resolve({ left: once(response, 'close') })
      }
    })
  }

  const beginnings: [string, (response: ServerResponse) => void][] = [
    ['before it answers', () => undefined],
    ['after the headers', (response) => events(response, []).flushHeaders()],
    ['in the middle of the text', (response) => events(response, [delta({ content: 'Once' })])],
    ['in the middle of an error', (response) => response.writeHead(500).write('{')],
  ]

  test.each(beginnings)('%s: a signal aborts the call', async (_, begin) => {
    const asked = hang(begin)
    const controller = new AbortController()
    const call = failure(engineOf().complete({ ...ask('Hi'), signal: controller.signal }))
    const { left } = await asked
    controller.abort()
    expect(await call).toMatchObject({ code: 'ABORTED' })
    await left
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test.each(beginnings)('%s: the deadline ends the call', async (_, begin) => {
    const asked = hang(begin)
    const call = failure(engineOf().complete({ ...ask('Hi'), deadlineMs: 500 }))
    expect(await call).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('500 ms'),
    })
    await (await asked).left
  })

  test('dispose ends the call, and nothing is sent afterwards', async () => {
    const asked = hang((response) => events(response, [delta({ content: 'Once' })]))
    const engine = engineOf()
    const call = failure(engine.complete(ask('Hi')))
    const { left } = await asked
    expect((await engine.status()).active).toBe(1)
    await engine.dispose()
    expect(await call).toMatchObject({ code: 'DISPOSED' })
    await left
    expect((await engine.status()).active).toBe(0)
    expect(await failure(engine.complete(ask('Hi')))).toMatchObject({ code: 'DISPOSED' })
    expect(server.seen).toHaveLength(1)
  })

  test('leaving the loop closes the connection', async () => {
    const asked = hang((response) => events(response, [delta({ content: 'Once' })]))
    for await (const { text } of engineOf().generate(ask('Hi'))) {
      expect(text).toBe('Once')
      break
    }
    await (await asked).left
  })

  test('a signal aborts the request for its models', async () => {
    const asked = hang(() => undefined)
    const controller = new AbortController()
    const call = failure(engineOf().loadModel({ signal: controller.signal }))
    const { left } = await asked
    controller.abort()
    expect(await call).toMatchObject({ code: 'ABORTED' })
    await left
  })
})

test('a finished call leaves no listener on its signal', async () => {
  server.reply = (response) => events(response, whole).end()
  const { signal } = new AbortController()
  const engine = engineOf()
  for (let call = 0; call < 3; call += 1) await engine.complete({ ...ask('Hi'), signal })
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect((await engine.status()).active).toBe(0)
})

test('an unreachable server is REMOTE_FAILED, and says what to check', async () => {
  const baseUrl = `http://127.0.0.1:${await freePort()}/v1`
  const error = await failure(engineOf({ baseUrl }).complete(ask('Hi')))
  expect(error).toMatchObject({
    code: 'REMOTE_FAILED',
    message: `Can't reach ${baseUrl}: nothing is listening there.`,
    hint: expect.stringContaining('baseUrl'),
  })
})
