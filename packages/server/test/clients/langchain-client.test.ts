import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, story } from '../../../engine/test/engine/support.ts'
import { useServer } from '../support.ts'
import { weather } from '../weather.ts'
import { failureOf } from './openai-client.ts'

const shared = useServer()

function chat(fields: ChatOpenAIFields = {}) {
  return new ChatOpenAI({
    model: 'hello',
    apiKey: 'none',
    maxRetries: 0,
    ...fields,
    configuration: { baseURL: `${shared.server.url}/v1` },
  })
}

const usageSchema = z
  .object({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() })
  .transform((usage) => ({
    input: usage.input_tokens,
    output: usage.output_tokens,
    total: usage.total_tokens,
  }))

test('invoke returns the answer, its finish reason and its usage', async () => {
  const answer = await chat().invoke('Say hello.')
  expect(answer.content).toBe(answerTo('Say hello.'))
  expect(answer.response_metadata).toMatchObject({ finish_reason: 'stop' })
  const { input, output, total } = usageSchema.parse(answer.usage_metadata)
  expect(input).toBeGreaterThan(5)
  expect(output).toBeGreaterThan(5)
  expect(total).toBe(input + output)
})

test('stream yields it in chunks', async () => {
  const pieces = []
  for await (const piece of await chat().stream(story)) pieces.push(piece.text)
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.join('')).toBe(answerTo(story))
})

test.each(['jsonSchema', 'functionCalling', 'jsonMode'] as const)(
  'withStructuredOutput gives a value of the schema, by %s',
  async (method) => {
    const schema = z.object({ model: z.string().max(20), layers: z.int().max(9), tiny: z.boolean() })
    const structured = chat({ maxTokens: 200 }).withStructuredOutput(schema, { method, name: 'describe' })
    const value = await structured.invoke('Write JSON.')
    expect(schema.safeParse(value)).toMatchObject({ success: true })
  },
)

test('bindTools lets the model call a tool and use the result', async () => {
  const getWeather = tool(() => weather.result, {
    name: weather.name,
    description: weather.description,
    schema: weather.schema,
  })
  const model = chat().bindTools([getWeather])
  const question = new HumanMessage(weather.question)
  const asked = await model.invoke([question])
  expect(AIMessage.isInstance(asked)).toBe(true)
  expect(asked.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Bern' } }])
  const [call] = asked.tool_calls ?? []
  const result = new ToolMessage({ content: weather.result, tool_call_id: call?.id ?? 'none' })
  expect((await model.invoke([question, asked, result])).content).toBe(weather.answer)
})

test('bindTools with a response format gives a call or a value of the schema', async () => {
  const { name, description, schema } = weather
  const getWeather = tool(() => weather.result, { name, description, schema })
  const output = z.object({ model: z.string().max(20), layers: z.int().max(9), tiny: z.boolean() })
  const model = chat().bindTools([getWeather], {
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'describe', schema: z.toJSONSchema(output), strict: true },
    },
  })
  const asked = await model.invoke(weather.question)
  expect(asked.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Bern' } }])
  const { text, tool_calls: calls } = await model.invoke('Write JSON.')
  expect(calls).toEqual([])
  expect(output.parse(JSON.parse(text))).toEqual({ model: 'hello', layers: 2, tiny: true })
})

test('throws the error of the underlying client, with the server’s message', async () => {
  const error = await failureOf(chat({ model: 'gpt-5' }).invoke('Say hello.'))
  expect(error).toMatchObject({ status: 404, code: 'model_not_found' })
})
