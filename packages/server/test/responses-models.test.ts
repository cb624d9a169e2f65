import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { makeProject, useFolder } from '../../engine/test/engine/support.ts'
import { makeThinkingModel } from '../../engine/test/engine/thinking-model.ts'
import { readStream, respond, responseBody } from './responses.ts'
import { type TestServer, useServer } from './support.ts'

describe('a reasoning model', () => {
  const folder = useFolder().path
  makeProject(folder, ['hello'])
  makeThinkingModel(join(folder, 'models'))
  const thinking = useServer({}, { project: folder })
  const question = { model: 'thinking', input: 'Count to ten.' }

  test('has its reasoning in a separate item', async () => {
    const { output, usage } = await respond(thinking.server, question)
    expect(output.map(({ type, status }) => [type, status])).toEqual([
      ['reasoning', 'completed'],
      ['message', 'completed'],
    ])
    const [thoughts, answer] = output.map(({ content }) => content?.[0]?.text)
    expect(thoughts).toMatch(/^one.*four/)
    expect(answer).toMatch(/^,? ?six.*ten/)
    expect(usage.output_tokens_details.reasoning_tokens).toBeGreaterThan(3)
  })

  test('streams it first, with its own events', async () => {
    const events = await readStream(
      await thinking.server.post('/v1/responses', { ...question, stream: true }),
    )
    const whole = responseBody.parse(events.at(-1)?.response)
    const types = events.map(({ type, output_index: index }) => `${index ?? ''} ${type}`)
    expect([...new Set(types)]).toEqual([
      ' response.created',
      ' response.in_progress',
      '0 response.output_item.added',
      '0 response.content_part.added',
      '0 response.reasoning_text.delta',
      '0 response.reasoning_text.done',
      '0 response.content_part.done',
      '0 response.output_item.done',
      '1 response.output_item.added',
      '1 response.content_part.added',
      '1 response.output_text.delta',
      '1 response.output_text.done',
      '1 response.content_part.done',
      '1 response.output_item.done',
      ' response.completed',
    ])
    const said = (kind: string) =>
      events.flatMap(({ type, delta }) => (type === `response.${kind}.delta` ? [delta] : [])).join('')
    const [thoughts, answer] = whole.output.map(({ content }) => content?.[0]?.text)
    expect(said('reasoning_text')).toBe(thoughts)
    expect(said('output_text')).toBe(answer)
  })

  test('can be cut off during its reasoning', async () => {
    const { status, output } = await respond(thinking.server, { ...question, max_output_tokens: 2 })
    expect(status).toBe('incomplete')
    expect(output.map((item) => [item.type, item.status])).toEqual([['reasoning', 'incomplete']])
  })
})

describe('the effort of reasoning', () => {
  const folder = useFolder().path
  makeProject(folder, ['hello'])
  // enable_thinking is true by default for a model that thinks.
  const template = join(makeThinkingModel(join(folder, 'models')), 'chat_template.jinja')
  const beginning = `{%- if reasoning_effort == 'high' or not enable_thinking -%}aloud {% endif -%}`
  writeFileSync(template, beginning + readFileSync(template, 'utf8'))
  const allowing = useServer({}, { project: folder })
  const refusing = useServer({ TEMPLATE_OPTIONS: 'nothing' }, { project: folder })

  test('reaches the template if the server allows it', async () => {
    const tokens = async (server: TestServer, effort: string | null) => {
      const body = { model: 'thinking', input: 'Say hello.', max_output_tokens: 1, reasoning: { effort } }
      return (await respond(server, body)).usage.input_tokens
    }
    const plain = await tokens(allowing.server, null)
    expect(await tokens(allowing.server, 'low')).toBe(plain)
    expect(await tokens(allowing.server, 'high')).toBeGreaterThan(plain)
    expect(await tokens(allowing.server, 'none')).toBeGreaterThan(plain)
    expect(await tokens(refusing.server, 'high')).toBe(plain)
    expect(await tokens(refusing.server, 'none')).toBe(plain)
  })
})

describe('a conversation that exceeds the context length', () => {
  const folder = useFolder().path
  makeProject(folder, ['hello'])
  const file = join(folder, 'models', 'hello', 'config.json')
  const config = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, 'utf8')))
  writeFileSync(file, JSON.stringify({ ...config, max_position_embeddings: 64 }))
  const small = useServer({}, { project: folder })
  const input = 'one two three '.repeat(50)

  test('is rejected, or truncated if requested', async () => {
    const refused = await small.server.post('/v1/responses', { input, stream: true })
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { code: 'context_length_exceeded' } })
    const { usage } = await respond(small.server, { input, truncation: 'auto', max_output_tokens: 4 })
    expect(usage.input_tokens).toBeLessThanOrEqual(60)
  })
})
