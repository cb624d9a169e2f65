import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answerTo, isRunning, story, until } from '../../engine/test/engine/support.ts'
import { beginning, chat, endless, engineStatus, readAnswer, untilIdle, workerPid } from './streams.ts'
import { openServer, type TestServer } from './support.ts'

let server: TestServer
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await server.cut()
  process.off('unhandledRejection', note)
  expect(unhandled.splice(0)).toEqual([])
})

/** Starts the server of a test. */
async function open(environment: NodeJS.ProcessEnv = {}): Promise<void> {
  server = await openServer(environment)
}

async function readiness(): Promise<number> {
  const response = await fetch(`${server.url}/ready`)
  await response.body?.cancel()
  return response.status
}

async function untilReady(): Promise<void> {
  await until(async () => (await readiness()) === 200)
}

/** A stream that has begun, and doesn't end by itself before the test is through with it, be the machine slow. */
async function begin(options: Record<string, unknown> = {}, signal?: AbortSignal) {
  const body = chat(story, { ...endless, ...options, stream: true })
  return beginning(await server.post('/v1/chat/completions', body, signal ? { signal } : {}))
}

function sixteen() {
  return Promise.all(Array.from({ length: 16 }, () => begin()))
}

/** From here on a request that gets no token is refused soon. What has begun before had all the time it needed. */
function expectTokensSoon(): void {
  server.services.settings.firstTokenTimeoutMs = 2000
}

async function expectToAnswer(): Promise<void> {
  const response = await server.post('/v1/chat/completions', chat(story))
  expect((await readAnswer(response)).text).toBe(answerTo(story))
}

describe('a worker that is killed', () => {
  beforeEach(() => open())

  test('during 16 streams: each ends with an error event, and the server recovers', async () => {
    const first = await workerPid(server)
    const streams = await sixteen()
    process.kill(first, 'SIGKILL')
    const ended = await Promise.all(streams.map(({ whole }) => whole))
    expect(await readiness()).toBe(503)
    const told = answerTo(story)
    for (const { text, error, done, finishReason } of ended) {
      expect({ error, done, finishReason }).toEqual({
        error: 'model_restarting',
        done: false,
        finishReason: undefined,
      })
      expect(text.length).toBeGreaterThan(0)
      expect(text.slice(0, told.length)).toBe(told.slice(0, text.length))
    }
    await untilReady()
    await expectToAnswer()
    expect(isRunning(first)).toBe(false)
    expect(await workerPid(server)).not.toBe(first)
    expect(await engineStatus(server)).toMatchObject({ active: 0, queued: 0, crashes: 1 })
    expect(server.services.engineService.restarts).toBe(1)
  })

  test('during a request that is not streamed: 503 with Retry-After', async () => {
    const { steps } = await engineStatus(server)
    const answer = server.post('/v1/chat/completions', chat(story, endless))
    await until(async () => (await engineStatus(server)).steps > steps)
    process.kill(await workerPid(server), 'SIGKILL')
    const response = await answer
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await response.json()).toEqual({
      error: {
        message: 'The model process stopped and is being restarted.',
        type: 'server_error',
        param: null,
        code: 'model_restarting',
      },
    })
    const status = await (await fetch(`${server.url}/api/status`)).json()
    const message = 'The model process stopped and is being restarted.'
    expect(status).toMatchObject({ state: 'restarting', message })
    const meanwhile = await server.post('/v1/chat/completions', chat(story))
    expect([meanwhile.status, meanwhile.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await meanwhile.json()).toMatchObject({ error: { message } })
    await untilReady()
    await expectToAnswer()
  })

  test('five times in a row: it restarts each time, after a longer delay', {
    timeout: 180_000,
  }, async () => {
    const pauses: number[] = []
    for (let death = 1; death <= 5; death++) {
      process.kill(await workerPid(server), 'SIGKILL')
      await until(async () => server.services.engineService.state !== 'ready')
      const since = performance.now()
      await untilReady()
      pauses.push(performance.now() - since)
      expect(server.services.engineService.restarts).toBe(death)
    }
    // 0, 0.5, 1, 2 and 5 seconds, and the start itself.
    expect(pauses[4]).toBeGreaterThan(5000)
    await expectToAnswer()
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('\nmlx_worker_restarts_total 5\n')
  })
})

/** Each round stops the worker, so a soak has a hundred. */
const stops = process.env.SOAK ? 100 : 2

test('a worker that hangs: its callers are told, /ready is 503 before, and it is replaced', {
  // A worker that stops again and again is restarted after 15 s.
  timeout: 60_000 + stops * 30_000,
}, async () => {
  await open({ STALL_TIMEOUT_MS: '3000' })
  for (let round = 1; round <= stops; round++) {
    const first = await workerPid(server)
    const { whole } = await begin()
    const stepBefore = server.services.engineService.lastStepAt ?? 0
    process.kill(first, 'SIGSTOP')
    const stopped = performance.now()
    const waiting = server.post('/v1/chat/completions', chat('Say hello.'))
    await until(async () => (await readiness()) === 503)
    expect(performance.now() - stopped).toBeLessThan(10_000)
    const late = await waiting
    expect(late.status).toBe(503)
    expect(await late.json()).toMatchObject({ error: { code: 'model_stalled', type: 'server_error' } })
    expect(await whole).toMatchObject({ error: 'model_stalled', done: false })
    await untilReady()
    await expectToAnswer()
    expect(isRunning(first)).toBe(false)
    expect(server.services.engineService.restarts).toBe(round)
    const status = await (await fetch(`${server.url}/api/status`)).json()
    expect(status).toMatchObject({ last_step_at: expect.any(Number) })
    expect(server.services.engineService.lastStepAt).toBeGreaterThan(stepBefore)
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const [, seconds] = /^mlx_last_step_timestamp_seconds (\S+)$/m.exec(metrics) ?? []
  expect(Number(seconds)).toBeGreaterThan(Date.now() / 1000 - 3600)
})

test('a worker that is only busy is left alone', async () => {
  await open()
  const first = await workerPid(server)
  const client = new AbortController()
  // It has every place of the batch.
  const { whole } = await begin({ n: 32 }, client.signal)
  expectTokensSoon()
  const late = await server.post('/v1/chat/completions', chat('Say hello.'))
  expect(late.status).toBe(504)
  client.abort()
  await expect(whole).rejects.toThrow()
  await untilIdle(server)
  expect(await workerPid(server)).toBe(first)
  await expectToAnswer()
})
