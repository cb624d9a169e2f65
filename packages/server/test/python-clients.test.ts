import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, story } from '../../engine/test/engine/support.ts'
import { pythonWithClients, runPython } from './python-clients.ts'
import { startPythonServer } from './python-server.ts'
import { useServer } from './support.ts'
import { weather } from './weather.ts'

/** The packages are fetched once. */
const fetchMs = 300_000
const record = z.record(z.string(), z.unknown())

const shared = useServer()
const sayHello = '<|im_start|>user\nSay hello.<|im_end|>\n<|im_start|>assistant\n'

beforeAll(() => pythonWithClients(), fetchMs)

async function run(
  program: string,
  url = shared.server.url,
  leftOut: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const { name, description, parameters, question, result } = weather
  const told = { tool: { name, description, parameters }, question, result, city: 'Bern', prompt: sayHello }
  return record.parse(await runPython(program, [`${url}/v1`, story, JSON.stringify(told), ...leftOut]))
}

const description = { model: 'hello', layers: 2, tiny: true }

const servers = {
  'the Node server': () => run('openai_client.py'),
  'the Python server': async () => {
    const server = await startPythonServer()
    // It has no Responses API.
    return run('openai_client.py', server.url, ['responses']).finally(server.cut)
  },
}

describe.each(Object.entries(servers))("OpenAI's client for Python, with %s", (name, ask) => {
  let told: Record<string, unknown> = {}
  beforeAll(async () => {
    told = await ask()
  })

  test('returns an answer word for word', () => {
    expect(told.answer).toMatchObject({
      object: 'chat.completion',
      model: 'hello',
      choices: [
        {
          finish_reason: 'stop',
          message: { role: 'assistant', content: answerTo('Say hello.'), tool_calls: null },
        },
      ],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
    })
  })

  test('streams one, with its finish reason and usage', () => {
    expect(told.streamed).toMatchObject({
      text: answerTo(story),
      ends: ['stop'],
      ids: 1,
      usage: { total_tokens: expect.any(Number) },
    })
  })

  test('returns several answers, and log probabilities', () => {
    expect(told.several).toEqual([0, 1].map((index) => [index, answerTo('Say hello.')]))
    const tokens = z.array(z.tuple([z.string(), z.string(), z.literal(2)])).parse(told.logprobs)
    expect(tokens.map(([token]) => token).join('')).toBe(`${answerTo('Say hello.')}<|im_end|>`)
    expect(tokens.map(([, decoded]) => decoded).join('')).toBe(answerTo('Say hello.'))
  })

  test('parses into a pydantic model', () => {
    expect(told.parsed).toEqual(description)
  })

  test('calls tools, streamed too', () => {
    expect(told.tools).toEqual({
      end: 'tool_calls',
      name: 'get_weather',
      arguments: { city: 'Bern' },
      answer: weather.answer,
    })
    expect(told.streamed_tools).toEqual({ city: 'Bern', done: 1 })
  })

  test('continues a prompt, up to a stop string', () => {
    expect(told.text).toEqual({ text: answerTo('Say hello.').replace('!', ''), end: 'stop' })
  })

  if (name === 'the Node server') {
    test('continues conversations with responses', () => {
      expect(told.responses).toMatchObject({
        text: answerTo('Say hello.'),
        after: answerTo('Count to ten.'),
        streamed: answerTo(story),
        first: 'response.created',
        last: 'response.completed',
        usage: { total_tokens: expect.any(Number) },
      })
    })
  }

  test('lists models', () => {
    expect(told.models).toEqual(expect.arrayContaining(['hello']))
  })

  test('raises its typed errors', () => {
    expect(told.errors).toEqual({
      value: ['BadRequestError', 400, 'invalid_value', 'temperature'],
      model: ['NotFoundError', 404, 'model_not_found', 'model'],
      embeddings: ['BadRequestError', 400, 'unsupported', 'model'],
      stream: ['NotFoundError', 404, 'model_not_found', 'model'],
    })
  })
})

test('langchain-openai invokes, streams, calls tools and parses, over both APIs', async () => {
  const told = await run('langchain_client.py')
  const expected = {
    text: answerTo('Say hello.'),
    usage: expect.objectContaining({ total_tokens: expect.any(Number) }),
    pieces: expect.toSatisfy((count: number) => count > 10),
    story: answerTo(story),
    call: ['get_weather', { city: 'Bern' }],
    answer: weather.answer,
    structured: description,
  }
  expect(told).toEqual({
    chat: expected,
    responses: expected,
    text: answerTo('Say hello.'),
    failure: ['OpenAIModelNotFoundError', 404, 'model_not_found'],
  })
})
