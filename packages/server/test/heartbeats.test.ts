import { expect, test } from 'vitest'
import { useServer } from './support.ts'

const shared = useServer({ HEARTBEAT_MS: '20', MAX_BODY_BYTES: '1000000' })

/** A prompt whose prefill takes many heartbeats. Each begins differently, so that no cache shortens it. */
const long = (start: string) => `${start} ${'story '.repeat(4000)}`
const messages = (start: string) => [{ role: 'user', content: long(start) }]

/** The heartbeats of each API. */
const apis = [
  {
    path: '/v1/chat/completions',
    body: { messages: messages('Chat'), max_tokens: 1 },
    beat: /"choices":\[\{"index":0,"delta":\{\},"logprobs":null,"finish_reason":null\}\]/,
  },
  {
    path: '/v1/completions',
    body: { prompt: long('Completion'), max_tokens: 1 },
    beat: /"choices":\[\{"index":0,"text":"","logprobs":null,"finish_reason":null\}\]/,
  },
  {
    path: '/v1/messages',
    body: { messages: messages('Message'), max_tokens: 1 },
    beat: /event: ping\ndata: \{"type":"ping"\}/,
  },
  {
    path: '/v1/responses',
    body: { input: long('Response'), max_output_tokens: 1 },
    beat: /event: response.in_progress\ndata: /,
  },
]

test.each(apis)('$path sends events during a long prefill', async ({ path, body, beat }) => {
  const response = await shared.server.post(path, { ...body, stream: true })
  const text = await response.text()
  const heartbeats = text.split(': still here\n\n').slice(1)
  expect(response.status).toBe(200)
  expect(heartbeats.length).toBeGreaterThan(2)
  // The first one of a response creates it.
  for (const heartbeat of heartbeats.slice(1, -1)) expect(heartbeat).toMatch(beat)
  expect(text).not.toContain('"error":{')
})
