import { describe, expect, test } from 'vitest'
import { chatEvents } from '../src/transport/chat-events.ts'
import { eventStream } from '../src/transport/event-stream.ts'
import { type ChatEvent, TransportError } from '../src/transport/transport.ts'

/** The bytes of a response in parts of so many bytes: an event, and even a letter, may come in two. */
function bodyOf(text: string, partBytes = 7, broken?: Error): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at + partBytes))
      else if (broken === undefined) controller.close()
      else controller.error(broken)
      at += partBytes
    },
  })
}

async function read(body: ReadableStream<Uint8Array>): Promise<{ events: ChatEvent[]; error: unknown }> {
  const events: ChatEvent[] = []
  try {
    for await (const event of chatEvents(eventStream(body))) events.push(event)
  } catch (error) {
    return { events, error }
  }
  return { events, error: undefined }
}

const piece = (delta: object, rest: object = {}) =>
  `data: ${JSON.stringify({ choices: [{ delta, ...rest }] })}\n\n`
const hello = piece({ role: 'assistant' }) + piece({ content: 'Grüezi ' }) + piece({ content: '👋🏽' })
const last = piece({}, { finish_reason: 'length' })
const usage = `data: ${JSON.stringify({
  choices: [],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  timings: { ttft_ms: 12.5, total_ms: 20, tokens_per_second: 300 },
})}\n\n`

describe('a streamed answer', () => {
  test.each([1, 2, 3, 1000])('is the same in parts of %i bytes', async (partBytes) => {
    const { events, error } = await read(
      bodyOf(`: heartbeat\n\n${hello}${last}${usage}data: [DONE]\n\n`, partBytes),
    )
    expect(error).toBeUndefined()
    expect(events).toEqual([
      { type: 'text', text: 'Grüezi ' },
      { type: 'text', text: '👋🏽' },
      {
        type: 'end',
        finishReason: 'length',
        usage: { promptTokens: 5, completionTokens: 2 },
        timings: { ttftMs: 12.5, tokensPerSecond: 300 },
      },
    ])
  })

  test('has the reasoning separately, under either name', async () => {
    const thought = piece({ reasoning_content: 'hm' }) + piece({ reasoning: ' so', content: null })
    const { events } = await read(bodyOf(`${thought}data: [DONE]\n\n`))
    expect(events.slice(0, 2)).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning', text: ' so' },
    ])
  })

  test('reports the progress of the prefill', async () => {
    const progress = 'data: {"choices":[{"delta":{}}],"prompt_progress":{"processed":512,"total":2048}}\n\n'
    const { events } = await read(bodyOf(`${progress}data: [DONE]\n\n`))
    expect(events[0]).toEqual({ type: 'prompt', processedTokens: 512, totalTokens: 2048 })
  })

  test('reports tool calls between its text', async () => {
    const call = { id: 'a', server: 'weather', name: 'get_weather', arguments: { city: 'Bern' } }
    const made = [
      { ...call, result: 'sunny', is_error: false },
      { ...call, id: 'b', result: 'No station.', is_error: true },
    ]
    const chunk = `data: ${JSON.stringify({ choices: [{ delta: {} }], mcp_calls: made })}\n\n`
    const { events } = await read(bodyOf(`${chunk}${hello}data: [DONE]\n\n`))
    expect(events.slice(0, 2)).toEqual([
      {
        type: 'calls',
        calls: [
          { ...call, result: 'sunny', failed: false },
          { ...call, id: 'b', result: 'No station.', failed: true },
        ],
      },
      { type: 'text', text: 'Grüezi ' },
    ])
  })

  test('that is cut off at any byte keeps its text and fails', async () => {
    const whole = `${hello}${last}${usage}`
    for (let length = 0; length <= whole.length; length += 1) {
      const { events, error } = await read(bodyOf(whole.slice(0, length), 64))
      expect(events.every(({ type }) => type === 'text')).toBe(true)
      expect(error).toBeInstanceOf(TransportError)
      expect(error).toHaveProperty('message', 'The connection was lost before the answer was complete.')
    }
  })

  test('fails with a readable message when the connection is lost', async () => {
    const { events, error } = await read(bodyOf(hello, 64, new TypeError('terminated')))
    expect(events).toHaveLength(2)
    expect(error).toHaveProperty('message', 'The connection to the server was lost.')
  })

  test('that ends with an error event has the server’s message', async () => {
    const failure = 'event: error\ndata: {"error":{"message":"The worker ended.","type":"server_error"}}\n\n'
    const { events, error } = await read(bodyOf(hello + failure))
    expect(events).toHaveLength(2)
    expect(error).toHaveProperty('message', 'The worker ended.')
  })

  test.each(['data: {"choices":\n\n', 'data: {"choices":7}\n\n', 'data: null\n\n'])(
    'of nonsense fails: %j',
    async (text) => {
      expect((await read(bodyOf(text))).error).toBeInstanceOf(TransportError)
    },
  )
})
