/** The Responses API as OpenAI's own client for JavaScript sees it. */
import OpenAI, { BadRequestError, NotFoundError } from 'openai'
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, story } from '../../../engine/test/engine/support.ts'
import { toolExample } from '../../../engine/test/engine/tool-example.ts'
import { useServer } from '../support.ts'

const shared = useServer()
let client: OpenAI

beforeAll(() => {
  client = new OpenAI({ baseURL: `${shared.server.url}/v1`, apiKey: 'none', maxRetries: 0 })
})

const model = 'hello'
const tools = toolExample.tools.map((tool) => ({ type: 'function' as const, strict: true, ...tool }))

describe('responses.create', () => {
  test('returns the text, the usage and the status', async () => {
    const response = await client.responses.create({ model, input: 'Say hello.' })
    expect(response.output_text).toBe(answerTo('Say hello.'))
    expect(response.status).toBe('completed')
    expect(response.error).toBeNull()
    expect(response.usage).toMatchObject({ input_tokens: 11, output_tokens: 10, total_tokens: 21 })
  })

  test('continues an earlier response from the prefix cache', async () => {
    const first = await client.responses.create({ model, input: story })
    const second = await client.responses.create({
      model,
      input: 'Count to ten.',
      previous_response_id: first.id,
    })
    expect(second.output_text).toBe(answerTo('Count to ten.'))
    expect(second.usage?.input_tokens_details.cached_tokens).toBeGreaterThan(100)
  })

  test('runs the loop of a tool', async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: toolExample.question }]
    const first = await client.responses.create({ model, input, tools })
    expect(first.output_text).toBe('')
    for (const item of first.output) {
      if (item.type !== 'function_call') throw new Error(`A call is expected, not ${item.type}.`)
      input.push(item)
      expect(item.name).toBe(toolExample.call.name)
      expect(JSON.parse(item.arguments)).toEqual(toolExample.call.arguments)
      input.push({ type: 'function_call_output', call_id: item.call_id, output: toolExample.result })
    }
    expect(input).toHaveLength(3)
    const second = await client.responses.create({ model, input, tools })
    expect(second.output_text).toBe(toolExample.answer)
  })

  test('runs the loop of a custom tool with a grammar, streamed', async () => {
    const format = {
      type: 'grammar' as const,
      syntax: 'lark' as const,
      definition: 'start: "Bern" | "Basel"',
    }
    const custom = { type: 'custom' as const, name: toolExample.call.name, format }
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: toolExample.question }]
    const events = client.responses.stream({ model, input, tools: [custom] })
    const deltas: string[] = []
    for await (const event of events) {
      if (event.type === 'response.custom_tool_call_input.delta') deltas.push(event.delta)
    }
    const { output } = await events.finalResponse()
    for (const item of output) {
      if (item.type !== 'custom_tool_call') throw new Error(`A call is expected, not ${item.type}.`)
      expect([item.name, item.input]).toEqual([custom.name, deltas.join('')])
      expect(['Bern', 'Basel']).toContain(item.input)
      input.push(item, { type: 'custom_tool_call_output', call_id: item.call_id, output: toolExample.result })
    }
    expect(input).toHaveLength(3)
    const second = await client.responses.create({ model, input, tools: [custom], max_output_tokens: 40 })
    expect(second.output).not.toHaveLength(0)
  })

  test('runs the loop of a tool in a namespace, next to an unsupported one', async () => {
    const namespace = { type: 'namespace' as const, name: 'mcp__weather', description: 'Weather.' }
    const offered = [{ ...namespace, tools }, { type: 'web_search' as const }]
    const name = toolExample.call.name
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: 'user', content: toolExample.question }]
    const stream = client.responses.stream({
      model,
      input,
      tools: offered,
      tool_choice: { type: 'function', name },
    })
    const [call] = (await stream.finalResponse()).output
    if (call?.type !== 'function_call') throw new Error('A call is expected.')
    expect(call).toMatchObject({ name, namespace: 'mcp__weather' })
    const { call_id, name: called, namespace: inside, arguments: words } = call
    expect(JSON.parse(words)).toEqual(toolExample.call.arguments)
    input.push({
      type: 'function_call',
      call_id,
      name: called,
      arguments: words,
      ...(inside !== undefined && { namespace: inside }),
    })
    input.push({ type: 'function_call_output', call_id, output: toolExample.result })
    const second = await client.responses.create({ model, input, tools: offered })
    expect(second.output_text).toBe(toolExample.answer)
  })

  test('raises the errors of the client', async () => {
    const hot = client.responses.create({ model, input: 'Say hello.', temperature: 3 })
    await expect(hot).rejects.toThrow(BadRequestError)
    await expect(hot).rejects.toMatchObject({ status: 400, param: 'temperature', code: 'invalid_value' })
    const lost = client.responses.create({ model, input: 'Say hello.', previous_response_id: 'resp_0' })
    await expect(lost).rejects.toThrow(NotFoundError)
    await expect(lost).rejects.toMatchObject({ status: 404, code: 'previous_response_not_found' })
  })
})

describe('responses.stream', () => {
  test('collects the events', async () => {
    const stream = client.responses.stream({ model, input: story })
    let text = ''
    stream.on('response.output_text.delta', ({ delta }) => {
      text += delta
    })
    const response = await stream.finalResponse()
    expect(response.output_text).toBe(answerTo(story))
    expect(text).toBe(answerTo(story))
  })

  test('yields the events one by one', async () => {
    const types: string[] = []
    let text = ''
    const stream = await client.responses.create({ model, input: 'Say hello.', stream: true })
    for await (const event of stream) {
      types.push(event.type)
      if (event.type === 'response.output_text.delta') text += event.delta
    }
    expect(text).toBe(answerTo('Say hello.'))
    expect(types.filter((type) => type !== 'response.output_text.delta')).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
  })

  test('collects the arguments of a call', async () => {
    const parameters = z.object({ city: z.string().describe('The name of the city') })
    const { name } = toolExample.call
    const description = 'The weather of a city, now.'
    const parsed = [zodResponsesFunction({ name, description, parameters })]
    const stream = client.responses.stream({
      model,
      input: toolExample.question,
      tools: parsed,
      tool_choice: 'required',
    })
    const { output } = await stream.finalResponse()
    expect(output).toMatchObject([
      { type: 'function_call', name, parsed_arguments: { city: expect.any(String) } },
    ])
  })

  test('ends the answer when the client disconnects', async () => {
    const stream = await client.responses.create({ model, input: story, stream: true })
    for await (const event of stream) if (event.type === 'response.output_text.delta') break
    await shared.server.services.generations.waitUntilIdle()
    expect(shared.server.services.generations.active).toBe(0)
  })
})

describe('responses.parse', () => {
  test('returns a value of a zod schema', async () => {
    const schema = z.object({ model: z.string(), layers: z.number(), tiny: z.boolean() })
    const response = await client.responses.parse({
      model,
      input: 'Write JSON.',
      text: { format: zodTextFormat(schema, 'description') },
    })
    expect(response.output_parsed).toEqual(JSON.parse(answerTo('Write JSON.')))
  })
})

describe('a stored response', () => {
  test('can be retrieved, listed and deleted', async () => {
    const { id, output } = await client.responses.create({ model, input: 'Say hello.' })
    expect((await client.responses.retrieve(id)).output).toEqual(output)
    const next = await client.responses.create({ model, input: 'Count to ten.', previous_response_id: id })
    const roles: unknown[] = []
    for await (const item of client.responses.inputItems.list(next.id, { order: 'asc', limit: 1 })) {
      roles.push(item.type === 'message' ? item.role : item.type)
    }
    expect(roles).toEqual(['user', 'assistant', 'user'])
    await client.responses.delete(id)
    await expect(client.responses.retrieve(id)).rejects.toThrow(NotFoundError)
  })

  test('can be referred to by its items', async () => {
    const first = await client.responses.create({ model, input: toolExample.question, tools })
    const input: OpenAI.Responses.ResponseInputItem[] = first.output.map((item) => ({
      type: 'item_reference',
      id: String(item.id),
    }))
    const [call] = first.output
    if (call?.type !== 'function_call') throw new Error('A call is expected.')
    const result = {
      type: 'function_call_output' as const,
      call_id: call.call_id,
      output: toolExample.result,
    }
    const second = await client.responses.create({
      model,
      input: [{ role: 'user', content: toolExample.question }, ...input, result],
      tools,
    })
    expect(second.output_text).toBe(toolExample.answer)
  })
})
