import { expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, story, useEngine } from './support.ts'
import { toolExample } from './tool-example.ts'

const shared = useEngine()
const { tools, question, call } = toolExample
const turn = { messages: [{ role: 'user' as const, content: question }], tools }

test('a call is complete before the answer ends, and is not part of the text', async () => {
  let text = ''
  const calls = []
  let callAt: number | undefined
  let chunks = 0
  for await (const chunk of shared.engine.generate(turn)) {
    chunks += 1
    text += chunk.text
    calls.push(...(chunk.toolCalls ?? []))
    if (chunk.toolCalls !== undefined) callAt ??= chunks
    if (chunk.usage !== undefined) expect(chunk.finishReason).toBe('tool_calls')
  }
  expect(text).toBe('')
  expect(calls).toEqual([expect.objectContaining(call)])
  expect(callAt).toBeLessThanOrEqual(chunks)
})

test('parameters may be a zod schema', async () => {
  const parameters = z.object({ city: z.string().describe('The name of the city') })
  const weather = { name: 'get_weather', description: 'The weather of a city, now.', parameters }
  const { toolCalls } = await shared.engine.complete({
    ...turn,
    tools: [weather],
    toolChoice: { name: 'get_weather' },
    maxTokens: 60,
  })
  expect(toolCalls).toHaveLength(1)
  expect(parameters.parse(toolCalls[0]?.arguments).city).toEqual(expect.any(String))
})

test('a required call matches its schema at any temperature, next to free calls', async () => {
  const parameters = z.object({ level: z.int().min(1).max(9), mood: z.enum(['calm', 'wild']) })
  const free = shared.engine.complete(ask(story))
  const calls = await Promise.all(
    Array.from({ length: 4 }, (_, seed) =>
      shared.engine.complete({
        ...ask('Say hello.'),
        tools: [{ name: 'set_level', parameters }, { name: 'other' }],
        toolChoice: { name: 'set_level' },
        parallelToolCalls: false,
        temperature: 1.5,
        seed,
      }),
    ),
  )
  for (const { toolCalls, toolErrors, finishReason } of calls) {
    expect({ finishReason, toolErrors }).toEqual({ finishReason: 'tool_calls', toolErrors: [] })
    expect(toolCalls.map(({ name }) => name)).toEqual(['set_level'])
    parameters.parse(toolCalls[0]?.arguments)
  }
  expect((await free).text).toBe(answerTo(story))
})

test('a call that is cut off is reported, and not made up', async () => {
  const whole = await shared.engine.complete(turn)
  const { toolCalls, toolErrors, text, finishReason } = await shared.engine.complete({
    ...turn,
    maxTokens: whole.usage.completionTokens - 8,
  })
  expect({ toolCalls, text, finishReason }).toEqual({ toolCalls: [], text: '', finishReason: 'length' })
  expect(toolErrors).toEqual([{ raw: expect.stringContaining('get_weather'), message: expect.any(String) }])
})

test('a call of an unknown tool is reported', async () => {
  const { toolCalls, toolErrors } = await shared.engine.complete({ ...turn, tools: [{ name: 'another' }] })
  if (toolErrors.length > 0) expect(toolErrors[0]?.message).toContain('get_weather')
  expect(toolCalls.filter(({ name }) => name !== 'another')).toEqual([])
})

test('without tools, their markers are text', async () => {
  const { text, toolCalls } = await shared.engine.complete({ ...turn, toolChoice: 'none' })
  expect(toolCalls).toEqual([])
  expect(text).not.toBe('')
})

test.each([
  ['a name with a space', { tools: [{ name: 'a b' }] }, /tools/],
  ['a choice that is not offered', { tools: [{ name: 'one' }], toolChoice: { name: 'two' } }, /toolChoice/],
  ['a demand without tools', { toolChoice: 'required' as const }, /toolChoice/],
])('%s is refused before anything is sent', async (_, options, message) => {
  const { steps } = await shared.engine.status()
  await expect(shared.engine.complete({ ...ask('Say hello.'), ...options })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringMatching(message),
  })
  expect((await shared.engine.status()).steps).toBe(steps)
})
