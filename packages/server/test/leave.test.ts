import { describe, expect, test } from 'vitest'
import { story, until } from '../../engine/test/engine/support.ts'
import { chat, endless, engineStatus, untilIdle } from './streams.ts'
import { useServer } from './support.ts'

const shared = useServer()

/** Takes the tiny model some seconds to read. */
const long = `${'Once upon a time there was a tiny model. '.repeat(1800)}${story}`

/** Fails where the worker goes on with a generation once the server knows that its client has left. */
async function expectStopped(): Promise<void> {
  await shared.server.services.generations.waitUntilIdle()
  expect(await engineStatus(shared.server)).toMatchObject({ active: 0, queued: 0 })
}

/** The line of the log on the client that left. */
async function lineOfLog(): Promise<unknown> {
  const isOfIt = (line: string) => line.includes('"status":499')
  await until(async () => shared.server.logLines.some(isOfIt))
  return JSON.parse(shared.server.logLines.splice(0).findLast(isOfIt) ?? '')
}

describe.each([true, false])('a client that disconnects (streamed: %s)', (streamed) => {
  const leave = (question: string, options: Record<string, unknown> = {}) => {
    const client = new AbortController()
    const body = chat(question, { ...options, stream: streamed })
    const answer = shared.server
      .post('/v1/chat/completions', body, { signal: client.signal })
      .then((response) => response.text())
    // It is awaited later.
    answer.catch(() => undefined)
    return { client, answer }
  }

  test('while decoding: its generation stops', async () => {
    const { steps: before } = await engineStatus(shared.server)
    const { client, answer } = leave(story, endless)
    await until(async () => (await engineStatus(shared.server)).steps > before + 20)
    client.abort()
    await expect(answer).rejects.toThrow()
    await expectStopped()
    expect(await lineOfLog()).toMatchObject({
      status: 499,
      path: '/v1/chat/completions',
      code: 'client_closed_request',
    })
  })

  test('during prefill: the prefill stops', async () => {
    const { steps } = await engineStatus(shared.server)
    const { client, answer } = leave(`${streamed} ${long}`, endless)
    await until(async () => (await engineStatus(shared.server)).active === 1)
    client.abort()
    await expect(answer).rejects.toThrow()
    await untilIdle(shared.server)
    // All of it would take more than 30 steps, whose first ones are short.
    expect((await engineStatus(shared.server)).steps - steps).toBeLessThan(25)
    expect(await lineOfLog()).toMatchObject({ status: 499, completionTokens: 0 })
  })

  test('in the queue: it leaves the queue, and the others continue', async () => {
    const running = leave(story, { ...endless, n: 32 })
    const { steps } = await engineStatus(shared.server)
    await until(async () => (await engineStatus(shared.server)).steps > steps + 20)
    const { client, answer } = leave('Say hello.')
    await until(async () => (await engineStatus(shared.server)).queued === 1)
    client.abort()
    await expect(answer).rejects.toThrow()
    await until(async () => (await engineStatus(shared.server)).queued === 0)
    expect(await lineOfLog()).not.toHaveProperty('ttftMs')
    expect((await engineStatus(shared.server)).active).toBe(1)
    running.client.abort()
    await expect(running.answer).rejects.toThrow()
    await untilIdle(shared.server)
  })
})
