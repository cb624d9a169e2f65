import { expect, test } from 'vitest'
import { useServer } from './support/server.ts'

const server = useServer()

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('answers a question', async () => {
  const response = await post('/api/ask', { question: 'Say hello.' })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ answer: 'Hello from a real MLX model!' })
})

test('refuses an empty question', async () => {
  const response = await post('/api/ask', { question: '' })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringContaining('question'), code: 'invalid_value' },
  })
})

test('refuses a body that is not JSON', async () => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api/ask`, { method: 'POST', headers, body: 'Say hello.' })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ error: { code: 'invalid_json' } })
})

test('adds a Server-Timing header', async () => {
  for (const path of ['/health', '/api/ask', '/v1/models']) {
    const response = await fetch(server.url + path)
    expect(response.headers.get('server-timing')).toMatch(/^app;dur=\d+\.\d$/)
  }
})

test('completes a chat', async () => {
  const messages = [{ role: 'user', content: 'Count to ten.' }]
  const response = await post('/v1/chat/completions', { messages })
  expect(await response.json()).toMatchObject({
    model: 'hello',
    choices: [
      {
        message: { role: 'assistant', content: 'one two three four five six seven eight nine ten' },
        finish_reason: 'stop',
      },
    ],
  })
})

test('streams a chat completion', async () => {
  const messages = [{ role: 'user', content: 'Say hello.' }]
  const response = await post('/v1/chat/completions', { messages, stream: true })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const events = (await response.text()).trim().split('\n\n')
  expect(events.at(-1)).toBe('data: [DONE]')
  const deltas = events
    .slice(0, -1)
    .map((event) => JSON.parse(event.slice('data: '.length)).choices[0]?.delta)
  expect(deltas.map((delta) => delta?.content ?? '').join('')).toBe('Hello from a real MLX model!')
})

test('answers unknown paths with an error', async () => {
  const response = await post('/v1/nothing', {})
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } })
})
