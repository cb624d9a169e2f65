import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { makeProject, useFolder } from '../../engine/test/engine/support.ts'
import { makeThinkingModel } from '../../engine/test/engine/thinking-model.ts'
import { joinPieces, parseEvents } from './api-events.ts'
import { useServer } from './support.ts'

const project = makeProject(useFolder().path)
makeThinkingModel(join(project, 'models'))
const shared = useServer({}, { project })

const answerSchema = z.object({
  content: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
      z.object({ type: z.literal('text'), text: z.string() }),
    ]),
  ),
  usage: z.object({
    output_tokens: z.int(),
    output_tokens_details: z.object({ thinking_tokens: z.int() }),
  }),
})

async function ask(more: Record<string, unknown> = {}): Promise<string> {
  const response = await shared.server.post('/v1/messages', {
    model: 'thinking',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Count to ten.' }],
    ...more,
  })
  expect(response.status).toBe(200)
  return response.text()
}

async function answer(more?: Record<string, unknown>) {
  return answerSchema.parse(JSON.parse(await ask(more)))
}

describe('a reasoning model', () => {
  test('its reasoning is a block before its text', async () => {
    const { content, usage } = await answer()
    expect(content).toEqual([
      { type: 'thinking', thinking: expect.stringMatching(/^one.*four/), signature: 'unsigned' },
      { type: 'text', text: expect.stringMatching(/^,? ?six.*ten/) },
    ])
    expect(usage.output_tokens_details.thinking_tokens).toBeGreaterThan(3)
    expect(usage.output_tokens).toBeGreaterThan(usage.output_tokens_details.thinking_tokens)
  })

  test('a stream has both blocks, and the first ends with a signature', async () => {
    const [thinking, text] = (await answer()).content
    if (thinking?.type !== 'thinking' || text?.type !== 'text') throw new Error('There are to be two blocks.')
    const events = joinPieces(parseEvents(await ask({ stream: true }))).map(({ data }) => data)
    expect(events.slice(2, -2)).toEqual([
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      },
      {
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking: thinking.thinking },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'unsigned' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: text.text } },
      { type: 'content_block_stop', index: 1 },
    ])
  })

  test('its reasoning stays within the budget', async () => {
    const thinking = { type: 'enabled', budget_tokens: 2 }
    const { usage, content } = await answer({ thinking })
    // The mark that ends the thoughts is one of them.
    expect(usage.output_tokens_details.thinking_tokens).toBe(3)
    expect(content).toHaveLength(2)
  })

  test('its reasoning can be omitted', async () => {
    const { content } = await answer({ thinking: { type: 'adaptive', display: 'omitted' } })
    expect(content[0]).toEqual({ type: 'thinking', thinking: '', signature: 'unsigned' })
    expect(content[1]).toMatchObject({ type: 'text', text: expect.stringMatching(/six.*ten/) })
  })
})
