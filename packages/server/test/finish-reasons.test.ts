import { expect, test } from 'vitest'
import { delta, events, useHttpServer } from '../../engine/test/engine/http-server.ts'
import { openServer } from './support.ts'

const upstream = useHttpServer()
const messages = [{ role: 'user', content: 'Hi' }]

const chat = { messages }
const text = { prompt: 'Hi' }
const message = { messages, max_tokens: 10 }
const response = { input: 'Hi' }
const incomplete = { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }

test.each<[string, [path: string, body: object, ending: object][]]>([
  [
    'content_filter',
    [
      ['/v1/chat/completions', chat, { choices: [{ finish_reason: 'content_filter' }] }],
      ['/v1/completions', text, { choices: [{ finish_reason: 'content_filter' }] }],
      ['/v1/messages', message, { stop_reason: 'refusal' }],
      ['/v1/responses', response, incomplete],
    ],
  ],
  [
    'a reason of its own',
    [
      ['/v1/chat/completions', chat, { choices: [{ finish_reason: 'stop' }] }],
      ['/v1/completions', text, { choices: [{ finish_reason: 'stop' }] }],
      ['/v1/messages', message, { stop_reason: 'end_turn' }],
      ['/v1/responses', response, { status: 'completed' }],
    ],
  ],
])('an answer that another server ends with %s is complete', async (reason, endings) => {
  upstream.reply = (response, { path }) => {
    if (path.endsWith('/models')) return response.end(JSON.stringify({ data: [{ id: 'big' }] }))
    const pieces = path.endsWith('/chat/completions')
      ? [delta({ content: 'Yes' }), delta({}, reason)]
      : [{ choices: [{ index: 0, text: 'Yes', finish_reason: reason }] }]
    return events(response, [...pieces, '[DONE]']).end()
  }
  const server = await openServer({ ENGINE_URL: upstream.baseUrl, ENGINE_MODEL: 'big' })
  try {
    for (const [path, body, ending] of endings) {
      const answer = await server.post(path, { model: 'big', ...body })
      const shown = await answer.text()
      expect(answer.status, shown).toBe(200)
      expect(JSON.parse(shown)).toMatchObject(ending)
      expect(shown).toContain('Yes')
    }
  } finally {
    await server.cut()
  }
})
