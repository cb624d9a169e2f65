import { expect, test } from 'vitest'
import { z } from 'zod'
import { useEngine } from './support.ts'
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
