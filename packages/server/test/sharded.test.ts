import { describe, expect, test } from 'vitest'
// The real mlx_lm.server, over two processes: the way for a model that is too large for one machine.
import { useMlxLmServer } from '../../engine/test/engine/mlx-lm-server.ts'
import { answerTo, story, useFolder } from '../../engine/test/engine/support.ts'
import { openServer } from './support.ts'

const folder = useFolder()
const ranks = useMlxLmServer(folder.path, 2)

describe('a model sharded over two ranks, behind this server', () => {
  test('answers complete and streamed, with the limits and errors of this server', async () => {
    const server = await openServer({
      ENGINE_URL: ranks.baseUrl,
      ENGINE_SERVER: 'mlx-lm',
      MAX_MESSAGES: '2',
    })
    try {
      const body = { messages: [{ role: 'user', content: 'Say hello.' }] }
      const whole = await server.post('/v1/chat/completions', body)
      expect(await whole.json()).toMatchObject({
        choices: [{ message: { content: answerTo('Say hello.') } }],
      })
      // By its name, not by its folder on the machine that runs it.
      const listed = await (await fetch(`${server.url}/v1/models`)).json()
      expect(listed).toMatchObject({ data: [{ id: 'hello' }] })
      const told = { stream: true, messages: [{ role: 'user', content: story }] }
      const streamed = await (await server.post('/v1/chat/completions', told)).text()
      const pieces = streamed
        .split('\n\n')
        .filter((event) => event.startsWith('data: {'))
        .map((event) => JSON.parse(event.slice('data: '.length)).choices[0]?.delta.content ?? '')
      expect(pieces.join('')).toBe(answerTo(story))
      expect(streamed).toMatch(/data: \[DONE\]\n\n$/)
      const long = await server.post('/v1/chat/completions', {
        messages: [...body.messages, ...body.messages, ...body.messages],
      })
      expect(long.status).toBe(400)
      // What the server behind it can't do is refused, not ignored.
      const schema = { type: 'json_schema', json_schema: { name: 'any', schema: { type: 'object' } } }
      const refused = await server.post('/v1/chat/completions', { ...body, response_format: schema })
      expect(refused.status).toBe(400)
      expect(await refused.json()).toMatchObject({ error: { code: 'unsupported' } })
    } finally {
      await server.cut()
    }
  })
})
