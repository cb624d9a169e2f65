/** The Messages API as Anthropic's own client for Python sees it. */
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, ask, story, useFolder } from '../../engine/test/engine/support.ts'
import { runKeys } from '../src/keys/command.ts'
import { messageOf, textEvents } from './anthropic-shapes.ts'
import { pythonWithClients, runPython } from './python-clients.ts'
import { openServer, useServer } from './support.ts'
import { weather } from './weather.ts'

/** The packages are fetched once. */
const fetchMs = 300_000

const folder = useFolder()
const shared = useServer()

beforeAll(() => pythonWithClients(), fetchMs)

/** Gives what the program prints, with a second server which wants a key, whose one stream is taken. */
async function run(): Promise<unknown> {
  const { name, description, parameters, question, result } = weather
  const path = join(folder.path, 'keys.json')
  let key = ''
  const say = (text: string) => {
    key = text
  }
  await runKeys(['create', '--name', 'laptop'], path, { say, note: () => undefined })
  const locked = await openServer({ KEYS_FILE: path, STREAMS_PER_KEY: '1' })
  const endless = { ...ask(story), logitBias: { 2: -100 }, maxTokens: 20_000 }
  const stream = locked.services.generations.stream('laptop', endless, new AbortController().signal)
  try {
    await stream.next()
    const tool = { name, description, input_schema: parameters }
    const told = { story, tool, question, result, locked: locked.url, key }
    return await runPython('anthropic_client.py', [shared.server.url, JSON.stringify(told)])
  } finally {
    await stream.return()
    await locked.cut()
  }
}

const tokens = expect.any(Number)

describe("Anthropic's client for Python", () => {
  let told: Record<string, unknown> = {}
  beforeAll(async () => {
    told = z.record(z.string(), z.unknown()).parse(await run())
  })

  test('returns an answer word for word, with usage and the request ID', () => {
    expect(told.answer).toMatchObject({
      message: {
        ...messageOf(answerTo('What can you do?')),
        usage: { input_tokens: tokens, cache_read_input_tokens: tokens, output_tokens: tokens },
      },
      request: expect.stringMatching(/^req_/),
    })
    expect(told.system).toBe(answerTo('Say hello.'))
  })

  test('streams one, event by event', () => {
    expect(told.streamed).toEqual({
      text: answerTo('Count to ten.'),
      types: textEvents,
      read: expect.objectContaining({ input_tokens: tokens, cache_read_input_tokens: tokens }),
      end: 'end_turn',
      written: tokens,
    })
  })

  test('collects a stream', () => {
    const text = answerTo(story)
    expect(told.gathered).toEqual({ text, final: text, end: 'end_turn' })
  })

  test('returns the reason that ended a text', () => {
    expect(told.ends).toEqual([
      ['one two three four ', 'stop_sequence', 'five'],
      ['max_tokens', 7],
    ])
  })

  test('calls tools, streamed too, and its tool runner works', () => {
    const input = { city: 'Bern' }
    expect(told.tools).toEqual({
      call: ['tool_use', 'get_weather', input, 'tool_use'],
      answer: [weather.answer, 'end_turn'],
    })
    expect(told.streamed_tools).toEqual(['get_weather', input, input, 'tool_use'])
    expect(told.runner).toEqual({ cities: ['Bern'], answer: weather.answer })
  })

  test('parses into a pydantic model', () => {
    expect(told.parsed).toEqual({ model: 'hello', layers: 2, tiny: true })
  })

  test('counts the tokens of prompts and tools', () => {
    const usage = z.object({ input_tokens: z.int(), cache_read_input_tokens: z.int() })
    const { message } = z.object({ message: z.object({ usage }) }).parse(told.answer)
    const [plain, withTools] = z.tuple([z.int(), z.int()]).parse(told.count)
    expect(plain).toBe(message.usage.input_tokens + message.usage.cache_read_input_tokens)
    expect(withTools).toBeGreaterThan(plain + 50)
  })

  test('raises its typed errors', () => {
    const busy = [
      'RateLimitError',
      429,
      'rate_limit_error',
      'At most 1 requests per key can run at the same time.',
    ]
    const lost = [
      'NotFoundError',
      404,
      'not_found_error',
      'There is no model "claude". Available models: hello.',
    ]
    expect(told.errors).toEqual({
      value: [
        'BadRequestError',
        400,
        'invalid_request_error',
        'max_tokens: Too small: expected number to be >=1',
      ],
      model: lost,
      stream: lost,
      key: [
        'AuthenticationError',
        401,
        'authentication_error',
        'A valid API key is required. Send it as "Authorization: Bearer KEY" or "x-api-key: KEY".',
      ],
      rate: busy,
      bearer: busy,
    })
  })
})
