import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answerTo, isRunning, story, until } from '#testing/support'
import {
  chat,
  endless,
  engineStatus,
  readAnswer,
  type Streamed,
  stream,
  untilIdle,
  workerPid,
} from './streams.ts'
import { openServer, type TestServer } from './support.ts'

let server: TestServer
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(async () => {
  process.on('unhandledRejection', note)
  server = await openServer({ FIRST_TOKEN_TIMEOUT_MS: '2000' }, {}, { hungMs: 2000 })
})
afterEach(async () => {
  await server.cut()
  process.off('unhandledRejection', note)
  expect(unhandled.splice(0)).toEqual([])
})

async function readiness(): Promise<number> {
  const response = await fetch(`${server.url}/ready`)
  await response.body?.cancel()
  return response.status
}

/** Each status of `/ready` from now on until it is 200. */
async function untilReady(): Promise<number[]> {
  const seen: number[] = []
  await until(async () => {
    seen.push(await readiness())
    return seen.at(-1) === 200
  })
  return seen
}

/** 16 streams, all of which have begun. */
async function sixteen(): Promise<{ streams: Promise<Streamed>[] }> {
  const begun = new Set<number>()
  const streams = Array.from({ length: 16 }, (_, index) =>
    stream(server, story, { onText: () => begun.add(index) }),
  )
  await until(async () => begun.size === 16)
  return { streams }
}

async function expectToAnswer(): Promise<void> {
  const response = await server.post('/v1/chat/completions', chat(story))
  expect((await readAnswer(response)).text).toBe(answerTo(story))
}

describe('a worker that is killed', () => {
  test('in the middle of 16 streams: each ends with an error event, and the server mends itself', async () => {
    const { streams } = await sixteen()
    const first = await workerPid(server)
    process.kill(first, 'SIGKILL')
    await until(async () => server.services.service.state !== 'ready')
    expect(await readiness()).toBe(503)
    for (const { text, error, done, finishReason } of await Promise.all(streams)) {
      expect({ error, done, finishReason }).toEqual({
        error: 'model_restarting',
        done: false,
        finishReason: undefined,
      })
      expect(text.length).toBeGreaterThan(0)
      expect(answerTo(story)).toContain(text)
    }
    await untilReady()
    await expectToAnswer()
    expect(isRunning(first)).toBe(false)
    expect(await workerPid(server)).not.toBe(first)
    expect(await engineStatus(server)).toMatchObject({ active: 0, queued: 0, deaths: 1 })
    expect(server.services.service.restarts).toBe(1)
  })

  test('under a request that is not streamed: 503, and when to come again', async () => {
    const { steps } = await engineStatus(server)
    const answer = server.post('/v1/chat/completions', chat(story))
    await until(async () => (await engineStatus(server)).steps > steps)
    process.kill(await workerPid(server), 'SIGKILL')
    const response = await answer
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await response.json()).toEqual({
      error: {
        message: 'The process that runs the model has ended. It is being started again.',
        type: 'server_error',
        param: null,
        code: 'model_restarting',
      },
    })
    const status = await (await fetch(`${server.url}/api/status`)).json()
    expect(status).toMatchObject({
      state: 'restarting',
      message: 'The process that runs the model has ended and is being started again.',
    })
    const meanwhile = await server.post('/v1/chat/completions', chat(story))
    expect([meanwhile.status, meanwhile.headers.get('retry-after')]).toEqual([503, '2'])
    await untilReady()
    await expectToAnswer()
  })

  test('five times in a row: it comes back each time, after a longer pause', {
    timeout: 180_000,
  }, async () => {
    const pauses: number[] = []
    for (let death = 1; death <= 5; death++) {
      process.kill(await workerPid(server), 'SIGKILL')
      await until(async () => server.services.service.state !== 'ready')
      const since = performance.now()
      await untilReady()
      pauses.push(performance.now() - since)
      expect(server.services.service.restarts).toBe(death)
    }
    // 0, 0.5, 1, 2 and 5 seconds, and the start itself.
    expect(pauses[4]).toBeGreaterThan(5000)
    await expectToAnswer()
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('\nmlx_worker_restarts_total 5\n')
  })
})

test('a worker that hangs: 504 after the time to a first token, then it is ended and another one started', async () => {
  const { streams } = await sixteen()
  const first = await workerPid(server)
  process.kill(first, 'SIGSTOP')
  const late = await server.post('/v1/chat/completions', chat('Say hello.'))
  expect(late.status).toBe(504)
  expect(await late.json()).toMatchObject({
    error: { code: 'timeout', message: 'There was no token after 2 seconds.' },
  })
  // Those that had begun wait no longer than that.
  for (const { error, done } of await Promise.all(streams))
    expect({ error, done }).toEqual({ error: 'model_restarting', done: false })
  await untilReady()
  await expectToAnswer()
  expect(isRunning(first)).toBe(false)
})

test('a worker that is only busy is left alone', async () => {
  const first = await workerPid(server)
  const client = new AbortController()
  const running = stream(server, story, { ...endless, n: 32, signal: client.signal }).catch(() => 'left')
  await until(async () => (await engineStatus(server)).steps > 0)
  const late = await server.post('/v1/chat/completions', chat('Say hello.'))
  expect(late.status).toBe(504)
  client.abort()
  expect(await running).toBe('left')
  await untilIdle(server)
  expect(await workerPid(server)).toBe(first)
  await expectToAnswer()
})
