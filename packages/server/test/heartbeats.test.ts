import { expect, test } from 'vitest'
import { story } from '../../engine/test/engine/support.ts'
import { useServer } from './support.ts'

// The second request waits until the first one, which fills the batch, is over.
const shared = useServer({ HEARTBEAT_MS: '20' })
const messages = [{ role: 'user', content: 'Say hello.' }]

/** The heartbeats of each API, as an official client reads them. */
const apis = [
  {
    path: '/v1/chat/completions',
    body: { messages },
    beat: /"choices":\[\{"index":0,"delta":\{\},"logprobs":null,"finish_reason":null\}\]/,
  },
  {
    path: '/v1/completions',
    body: { prompt: 'Say' },
    beat: /"choices":\[\{"index":0,"text":"","logprobs":null,"finish_reason":null\}\]/,
  },
  { path: '/v1/messages', body: { messages, max_tokens: 5 }, beat: /event: ping\ndata: \{"type":"ping"\}/ },
  { path: '/v1/responses', body: { input: 'Say hello.' }, beat: /event: response.in_progress\ndata: / },
]

test.each(apis)('$path sends events while a request waits', async ({ path, body, beat }) => {
  const { server } = shared
  const { engine } = server.services.engineService
  const stop = new AbortController()
  // An engine that can do nothing else: it prefills a long prompt again and again until it is stopped.
  const prompt = `${story} `.repeat(3000)
  const busy = (async () => {
    for await (const _ of engine.generate({ prompt, maxTokens: 1, promptCache: false, signal: stop.signal }));
  })().catch(() => undefined)
  const response = await server.post(path, { ...body, stream: true })
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += new TextDecoder().decode(bytes)
    if ((text.split(': still here\n\n').length ?? 0) > 2) stop.abort()
  }
  await busy
  expect(response.status).toBe(200)
  expect(text.split(': still here\n\n').slice(1, 3).every((part) => beat.test(part))).toBe(true)
  expect(text).not.toContain('"error"')
})
