import { expect, test } from 'vitest'
import { answerTo } from '../../engine/test/engine/support.ts'
import { useServer } from './support.ts'

const shared = useServer()

test('the server is healthy, and ready when the model is in memory', async () => {
  const health = await fetch(`${shared.server.url}/health`)
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }])
  const ready = await fetch(`${shared.server.url}/ready`)
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
})

test('a question is answered', async () => {
  const messages = [{ role: 'user', content: 'Say hello.' }]
  const response = await shared.server.post('/v1/chat/completions', { model: 'hello', messages })
  expect(await response.json()).toMatchObject({
    choices: [{ message: { role: 'assistant', content: answerTo('Say hello.') } }],
  })
})
