import { APIUserAbortError } from '@anthropic-ai/sdk'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, story, until } from '../../../engine/test/engine/support.ts'
import { messageOf, textEvents } from '../anthropic-shapes.ts'
import { useServer } from '../support.ts'
import { weather } from '../weather.ts'
import { anthropicClient } from './anthropic-client.ts'
import { failureOf } from './openai-client.ts'

const shared = useServer()
const client = () => anthropicClient(shared.server.url)
const common = { model: 'hello', max_tokens: 500 }

describe('messages.create', () => {
  test('answers word for word, with usage and the request ID', async () => {
    const question = { ...common, ...ask('What can you do?') }
    const message = await client().messages.create(question)
    expect(message).toMatchObject({
      ...messageOf(answerTo('What can you do?')),
      _request_id: expect.stringMatching(/^req_/),
    })
    const { input_tokens: counted } = await client().messages.countTokens({
      model: 'hello',
      ...ask('What can you do?'),
    })
    const { input_tokens: read, cache_read_input_tokens: cached, output_tokens: written } = message.usage
    expect(read + (cached ?? 0)).toBe(counted)
    expect(written).toBeGreaterThan(10)
    const again = await client().messages.create(question)
    // All but the last token, which gives the first one of the answer.
    expect(again.usage).toMatchObject({ input_tokens: 1, cache_read_input_tokens: counted - 1 })
  })

  test('streams the same events as Anthropic', async () => {
    const stream = await client().messages.create({ ...common, ...ask('Count to ten.'), stream: true })
    const types: string[] = []
    let text = ''
    for await (const event of stream) {
      if (types.at(-1) !== event.type) types.push(event.type)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text
    }
    expect(text).toBe(answerTo('Count to ten.'))
    expect(types).toEqual(textEvents)
  })

  test('returns the stop sequence that ended the text', async () => {
    const stop_sequences = ['seven', 'five']
    const message = await client().messages.create({ ...common, ...ask('Count to ten.'), stop_sequences })
    expect(message).toMatchObject({
      content: [{ text: 'one two three four ' }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'five',
    })
  })

  test('ends at max_tokens', async () => {
    const message = await client().messages.create({ ...common, ...ask(story), max_tokens: 7 })
    expect(message).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 7 } })
  })
})

describe('messages.stream', () => {
  test('ends with the complete message', async () => {
    const stream = client().messages.stream({ ...common, ...ask(story) })
    let text = ''
    stream.on('text', (delta) => {
      text += delta
    })
    const message = await stream.finalMessage()
    expect(text).toBe(answerTo(story))
    expect(await stream.finalText()).toBe(text)
    expect(message).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text }] })
    expect(message.usage.output_tokens).toBeGreaterThan(200)
  })

  test('has the true size of the prompt in its first event', async () => {
    const question = { ...common, ...ask('Does it work?') }
    const { input_tokens: counted } = await client().messages.countTokens({
      model: 'hello',
      messages: question.messages,
    })
    const first = []
    const stream = client().messages.stream(question)
    for await (const event of stream) if (event.type === 'message_start') first.push(event.message.usage)
    const { usage } = await stream.finalMessage()
    expect(first).toHaveLength(1)
    const [{ input_tokens: read = 0, cache_read_input_tokens: cached = 0 } = {}] = first
    expect(read + (cached ?? 0)).toBe(counted)
    expect(usage).toMatchObject({ input_tokens: read, cache_read_input_tokens: cached })
  })

  test('an abort ends the generation', async () => {
    const { engine } = shared.server.services.engineService
    const stream = client().messages.stream({ ...common, ...ask(story) })
    const ended = failureOf(stream.done())
    stream.once('text', () => stream.abort())
    expect(await ended).toBeInstanceOf(APIUserAbortError)
    await until(async () => (await engine.status()).active === 0)
  })
})

describe('tools', () => {
  const { name, description, parameters, schema } = weather
  const tool = { name, description, input_schema: { type: 'object' as const, ...parameters } }
  const tools = [tool]
  const question = { role: 'user' as const, content: weather.question }

  test('a call, its result, and the answer', async () => {
    const asked = await client().messages.create({ ...common, tools, messages: [question] })
    expect(asked).toMatchObject({
      content: [{ type: 'tool_use', name, input: { city: 'Bern' } }],
      stop_reason: 'tool_use',
    })
    const results = asked.content.flatMap((block) =>
      block.type === 'tool_use'
        ? { type: 'tool_result' as const, tool_use_id: block.id, content: weather.result }
        : [],
    )
    const answer = await client().messages.create({
      ...common,
      tools,
      messages: [question, { role: 'assistant', content: asked.content }, { role: 'user', content: results }],
    })
    expect(answer).toMatchObject({ content: [{ text: weather.answer }], stop_reason: 'end_turn' })
  })

  test('a stream has a call whose input is an object', async () => {
    const stream = client().messages.stream({ ...common, tools, messages: [question] })
    const { content, stop_reason } = await stream.finalMessage()
    expect(content).toMatchObject([{ type: 'tool_use', name, input: { city: 'Bern' } }])
    expect(stop_reason).toBe('tool_use')
  })

  test('the client’s tool runner works, streamed or not', async () => {
    const cities: string[] = []
    const runnable = {
      ...tool,
      parse: (input: unknown) => schema.parse(input),
      run: ({ city }: z.output<typeof schema>) => {
        cities.push(city)
        return weather.result
      },
    }
    const options = { ...common, tools: [runnable], messages: [question], max_iterations: 3 }
    const message = await client().beta.messages.toolRunner(options)
    expect(message.content).toMatchObject([{ type: 'text', text: weather.answer }])
    for await (const stream of client().beta.messages.toolRunner({ ...options, stream: true })) {
      await stream.finalMessage()
    }
    expect(cities).toEqual(['Bern', 'Bern'])
  })
})

test('an answer is parsed with a zod schema', async () => {
  const format = zodOutputFormat(z.object({ model: z.literal('hello'), tiny: z.boolean() }))
  const message = await client().messages.parse({
    ...common,
    ...ask('Write JSON.'),
    output_config: { format },
  })
  expect(message.parsed_output).toEqual({ model: 'hello', tiny: true })
})
