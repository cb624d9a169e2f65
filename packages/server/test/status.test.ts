import { join } from 'node:path'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { describe, expect, test, vi } from 'vitest'
import { statusSchema } from '../../chat-page/src/transport/wire.ts'
import { answerTo, makeEndlessModel, makeProject, useFolder } from '../../engine/test/engine/support.ts'
import { readinessStates } from '../src/server-state.ts'
import { chat, engineStatus, readAnswer } from './streams.ts'
import { beginServer, useServer } from './support.ts'

const folder = useFolder()
const shared = useServer({}, { project: makeProject(folder.path, ['hello', 'second']) })

async function eventsOf(response: Response): Promise<{ event: string | undefined; data: unknown }[]> {
  if (response.body === null) throw new Error('The answer has no body.')
  const stream = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  const events = []
  for await (const { event, data } of stream) events.push({ event, data: JSON.parse(data) })
  return events
}

test.each(readinessStates)('the chat page understands the state %s', (state) => {
  expect(statusSchema.parse({ state })).toEqual({ state })
})

test('the status has what the page needs, and no details of the machine', async () => {
  const response = await fetch(`${shared.server.url}/api/status`)
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      state: 'ready',
      model: 'hello',
      needs_key: false,
      last_step_at: null,
      defaults: expect.objectContaining({ temperature: { value: 0, source: 'library' } }),
    },
  ])
})

describe('loading a model', () => {
  test('reports progress, and then the model is available', async () => {
    const response = await shared.server.post('/api/load', { model: 'second' })
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ])
    const events = await eventsOf(response)
    expect(events.at(-1)).toEqual({ event: 'loaded', data: { model: 'second' } })
    const progress = events.slice(0, -1)
    expect(progress.length).toBeGreaterThan(0)
    for (const { event, data } of progress) {
      expect(event).toBe('progress')
      expect(data).toMatchObject({ stage: 'load', total_bytes: expect.any(Number) })
    }
    const { models } = await engineStatus(shared.server)
    expect(models.map(({ model }) => model)).toContain('second')
    const answer = await shared.server.post('/v1/chat/completions', {
      ...chat('Say hello.'),
      model: 'second',
    })
    expect((await readAnswer(answer)).text).toBe(answerTo('Say hello.'))
  })

  test.each(['mlx-community/nothing', '../hello', '/etc', './models/hello'])(
    'of %s, which is not served, is a 404 that names those that are',
    async (model) => {
      const response = await shared.server.post('/api/load', { model })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        error: { code: 'model_not_found', message: expect.stringContaining('hello, second') },
      })
    },
  )
})

test('while the model loads: not ready, requests get a 503 with Retry-After, and it can be stopped', async () => {
  const root = makeProject(join(folder.path, 'loads'))
  const endless = makeEndlessModel(join(root, 'models'))
  vi.stubEnv('MLX_MODEL', 'endless')
  const server = await beginServer({}, { project: root })
  vi.unstubAllEnvs()
  const status = async () => (await fetch(`${server.url}/api/status`)).json()
  expect(await status()).toMatchObject({ model: 'endless', message: 'The model is being loaded.' })
  await using _ = await endless.opened()
  expect(await status()).toMatchObject({ state: 'loading' })
  const ready = await fetch(`${server.url}/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'loading' }])
  const answer = await server.post('/v1/chat/completions', { messages: chat('Say hello.').messages })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
  expect(await answer.json()).toMatchObject({ error: { type: 'server_error', code: 'model_loading' } })
  await server.close()
  await expect(server.ready).rejects.toMatchObject({ code: 'ABORTED' })
  expect(server.services.engineService.state).toBe('stopping')
})
