import type { Message } from 'mlx-app'
import { beforeAll, describe, expect, test } from 'vitest'
import { toConversation } from '../src/anthropic/conversation.ts'
import { turnSchema } from '../src/anthropic/request-blocks.ts'
import { Images } from '../src/requests/images.ts'
import { useServer } from './support.ts'

const shared = useServer()

describe('the conversion of an Anthropic conversation', () => {
  let images: Images
  beforeAll(() => {
    images = new Images(shared.server.services, { model: undefined, signal: new AbortController().signal })
  })

  function read(turns: unknown[], system?: string | { text: string }[]): Promise<Message[]> {
    return toConversation(
      system,
      turns.map((turn) => turnSchema.parse(turn)),
      images,
    )
  }

  const text = (words: string) => ({ type: 'text', text: words })
  const use = (id: string, city: string) => ({ type: 'tool_use', id, name: 'get_weather', input: { city } })
  const result = (id: string, content?: unknown) => ({ type: 'tool_result', tool_use_id: id, content })

  test('blocks become paragraphs, and the system prompt becomes the first message', async () => {
    const system = [{ text: 'Be brief.' }, { text: 'Be kind.' }]
    expect(await read([{ role: 'user', content: [text('One.'), text('Two.')] }], system)).toEqual([
      { role: 'system', content: 'Be brief.\nBe kind.' },
      { role: 'user', content: 'One.\nTwo.' },
    ])
  })

  test('documents are read if they are text', async () => {
    const document = (source: object, more = {}) => ({ type: 'document', source, ...more })
    const pdf = document({ type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQK' })
    const note = document({ type: 'text', media_type: 'text/plain', data: 'Sunny.' }, { title: 'Bern' })
    const parts = document({ type: 'content', content: [text('Windy.'), text('Wet.')] })
    const mixed = document({ type: 'content', content: [text('Windy.'), { type: 'image', source: {} }] })
    const turns = [
      { role: 'user', content: [note, pdf, parts, mixed, text('Well?')] },
      { role: 'assistant', content: [use('t1', 'Bern')] },
      { role: 'user', content: [result('t1', [pdf, note])] },
    ]
    expect(await read(turns)).toMatchObject([
      { role: 'user', content: 'Bern\nSunny.\nWindy.\nWet.\nWell?' },
      { role: 'assistant' },
      { role: 'tool', content: 'Bern\nSunny.' },
    ])
  })

  test('an empty system prompt is ignored', async () => {
    const turns = [{ role: 'user', content: 'Hello' }]
    expect(await read(turns, '')).toEqual(turns)
    expect(await read(turns, [])).toEqual(turns)
  })

  test('the billing block of Claude Code is removed, and only at the start', async () => {
    const turns = [{ role: 'user', content: 'Hello' }]
    const billing = { text: 'x-anthropic-billing-header: cc_version=2.1.197.84c; cc_entrypoint=cli;' }
    expect(await read(turns, [billing])).toEqual(turns)
    expect(await read(turns, [billing, { text: 'Be brief.' }])).toEqual([
      { role: 'system', content: 'Be brief.' },
      ...turns,
    ])
    expect(await read(turns, [{ text: 'Be brief.' }, billing])).toEqual([
      { role: 'system', content: `Be brief.\n${billing.text}` },
      ...turns,
    ])
  })

  test('turns of the same role are merged, and a system message in between stays in place', async () => {
    const turns = [
      { role: 'user', content: 'One.' },
      { role: 'user', content: [text('Two.')] },
      { role: 'assistant', content: 'Three.' },
      { role: 'assistant', content: [text('Four.'), use('a', 'Bern')] },
      { role: 'system', content: [text('Five.')] },
      { role: 'user', content: 'Six.' },
    ]
    expect(await read(turns)).toEqual([
      { role: 'user', content: 'One.\nTwo.' },
      {
        role: 'assistant',
        content: 'Three.\nFour.',
        toolCalls: [{ id: 'a', name: 'get_weather', arguments: { city: 'Bern' } }],
      },
      { role: 'system', content: 'Five.' },
      { role: 'user', content: 'Six.' },
    ])
  })

  test('tool results are separate messages with tool names, before the rest of the turn', async () => {
    const turns = [
      { role: 'user', content: 'Bern and Thun?' },
      { role: 'assistant', content: [text('I look.'), use('a', 'Bern'), use('b', 'Thun'), use('c', 'Ulm')] },
      {
        role: 'user',
        content: [
          text('Quickly!'),
          result('a', 'sunny'),
          { ...result('b', [text('no such'), text('place')]), is_error: true },
          result('c'),
        ],
      },
    ]
    const [, , ...rest] = await read(turns)
    expect(rest).toEqual([
      { role: 'tool', content: 'sunny', toolCallId: 'a', name: 'get_weather' },
      { role: 'tool', content: 'Error: no such\nplace', toolCallId: 'b', name: 'get_weather' },
      { role: 'tool', content: '', toolCallId: 'c', name: 'get_weather' },
      { role: 'user', content: 'Quickly!' },
    ])
  })

  test('reasoning is kept, and encrypted reasoning is dropped', async () => {
    const turns = [
      { role: 'user', content: 'Hello' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'A greeting.', signature: 'x' },
          { type: 'redacted_thinking', data: 'AAAA' },
          text('Hello!'),
        ],
      },
      { role: 'user', content: 'And?' },
    ]
    expect((await read(turns))[1]).toEqual({ role: 'assistant', content: 'Hello!', reasoning: 'A greeting.' })
  })

  test('a result before its call is read', async () => {
    const turns = [
      { role: 'user', content: [result('a', 'sunny')] },
      { role: 'assistant', content: [use('a', 'Bern')] },
      { role: 'user', content: 'And?' },
    ]
    expect((await read(turns))[0]).toEqual({ role: 'tool', content: 'sunny', toolCallId: 'a' })
  })
})
