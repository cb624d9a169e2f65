/** How the items of a conversation become the turns that a model's template knows. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Images } from '../src/requests/images.ts'
import { inputItemSchema } from '../src/responses/input-items.ts'
import { toItems } from '../src/responses/items.ts'
import { toMessages } from '../src/responses/messages.ts'
import { ToolNames } from '../src/responses/tool-names.ts'
import { useServer } from './support.ts'

const shared = useServer()

function messages(input: unknown[], instructions?: string, names = new ToolNames([])) {
  const { signal } = new AbortController()
  const images = new Images(shared.server.services, { model: undefined, signal })
  const items = toItems(z.array(inputItemSchema).parse(input), () => undefined)
  return toMessages(items, instructions, images, names)
}

const call = (id: string, name: string) => ({
  type: 'function_call',
  call_id: id,
  name,
  arguments: `{"of": "${id}"}`,
})
const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: `for ${id}` })

test('consecutive reasoning, text and calls are one turn', async () => {
  const input = [
    { role: 'user', content: 'Go.' },
    { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Two at once.' }] },
    { role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
    call('a', 'read'),
    call('b', 'list'),
    output('b'),
    output('a'),
    { role: 'assistant', content: 'Found.' },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'No more.' }] },
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Once more.' }] },
    call('c', 'read'),
  ]
  expect(await messages(input)).toEqual([
    { role: 'user', content: 'Go.' },
    {
      role: 'assistant',
      reasoning: 'Two at once.',
      content: 'I look.',
      toolCalls: [
        { id: 'a', name: 'read', arguments: { of: 'a' } },
        { id: 'b', name: 'list', arguments: { of: 'b' } },
      ],
    },
    { role: 'tool', content: 'for b', toolCallId: 'b', name: 'list' },
    { role: 'tool', content: 'for a', toolCallId: 'a', name: 'read' },
    { role: 'assistant', content: 'Found.' },
    { role: 'assistant', content: 'No more.' },
    {
      role: 'assistant',
      reasoning: 'Once more.',
      content: '',
      toolCalls: [{ id: 'c', name: 'read', arguments: { of: 'c' } }],
    },
  ])
})

test('system messages at the start are merged, and later ones stay in place', async () => {
  const input = [
    { role: 'developer', content: 'One.' },
    { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Two.' }] },
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'A' },
        { type: 'input_text', text: 'B' },
      ],
    },
    { role: 'developer', content: 'Three.' },
  ]
  expect(await messages(input, 'Zero.')).toEqual([
    { role: 'system', content: 'Zero.\n\nOne.\n\nTwo.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'A' },
        { type: 'text', text: 'B' },
      ],
    },
    { role: 'system', content: 'Three.' },
  ])
})

test('text between a call and its output belongs to the turn of the call', async () => {
  const input = [
    { role: 'assistant', content: 'I look.' },
    call('a', 'read'),
    { role: 'assistant', content: ' Done.' },
    output('a'),
  ]
  expect(await messages(input)).toEqual([
    {
      role: 'assistant',
      content: 'I look. Done.',
      toolCalls: [{ id: 'a', name: 'read', arguments: { of: 'a' } }],
    },
    { role: 'tool', content: 'for a', toolCallId: 'a', name: 'read' },
  ])
})

test('a function in a namespace has one name in everything that the model reads', async () => {
  const [namespace, name] = ['mcp__files', 'read']
  const input = [{ ...call('a', name), namespace }, output('a'), { ...call('b', name), namespace: null }]
  const [first, result, second] = await messages(input, undefined, new ToolNames([{ namespace, name }]))
  expect(first).toMatchObject({ toolCalls: [{ name: 'mcp__files__read' }] })
  expect(result).toMatchObject({ role: 'tool', name: 'mcp__files__read' })
  expect(second).toMatchObject({ toolCalls: [{ name: 'read' }] })
  // Those of a server that was taken off the list meanwhile keep theirs.
  expect((await messages(input))[0]).toEqual(first)
})
