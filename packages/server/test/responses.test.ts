import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, story, until } from '../../engine/test/engine/support.ts'
import { parseEvents } from './api-events.ts'
import { readStream, respond, responseBody, textOf } from './responses.ts'
import { openServer, useServer } from './support.ts'

const shared = useServer()

/** An answer of thousands of tokens: long under way when its first words come. */
const endless = {
  input: 'Write JSON.',
  stream: true,
  text: {
    format: {
      type: 'json_schema',
      name: 'numbers',
      schema: {
        type: 'object',
        properties: { numbers: { type: 'array', items: { enum: [1, 2] }, minItems: 2000 } },
        required: ['numbers'],
        additionalProperties: false,
      },
    },
  },
}

describe('a conversation', () => {
  test('continues by the ID of a response, from the prefix cache', async () => {
    const first = await respond(shared.server, { input: story })
    expect(textOf(first)).toBe(answerTo(story))
    const second = await respond(shared.server, { input: 'Say hello.', previous_response_id: first.id })
    expect(textOf(second)).toBe(answerTo('Say hello.'))
    const { usage } = second
    expect(usage.input_tokens).toBeGreaterThan(first.usage.total_tokens)
    expect(usage.input_tokens_details.cached_tokens).toBeGreaterThan(first.usage.total_tokens - 10)
    expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens)
  })

  test('continues a streamed answer, and an incomplete one', async () => {
    const response = await shared.server.post('/v1/responses', {
      input: story,
      max_output_tokens: 5,
      stream: true,
    })
    const events = await readStream(response)
    const last = events.at(-1)
    expect(last?.type).toBe('response.incomplete')
    const cut = responseBody.parse(last?.response)
    const kept = await fetch(`${shared.server.url}/v1/responses/${cut.id}`)
    expect(await kept.json()).toEqual(last?.response)
    const next = await respond(shared.server, { input: 'Say hello.', previous_response_id: cut.id })
    expect(textOf(next)).toBe(answerTo('Say hello.'))
  })

  test('has only the instructions of its last request', async () => {
    const plain = await respond(shared.server, { input: 'Say hello.' })
    const instructed = await respond(shared.server, { input: 'Say hello.', instructions: 'You are hello.' })
    expect(instructed.usage.input_tokens).toBeGreaterThan(plain.usage.input_tokens)
    expect(textOf(instructed)).toBe(textOf(plain))
    const [afterPlain, afterInstructed] = [
      await respond(shared.server, { input: 'Count to ten.', previous_response_id: plain.id }),
      await respond(shared.server, { input: 'Count to ten.', previous_response_id: instructed.id }),
    ]
    expect(afterInstructed.usage.input_tokens).toBe(afterPlain.usage.input_tokens)
    expect(textOf(afterInstructed)).toBe(answerTo('Count to ten.'))
  })

  test('has one system message with all its parts', async () => {
    const [apart, whole] = [
      await respond(shared.server, {
        instructions: 'You are hello.',
        input: [
          { role: 'developer', content: 'Be kind.' },
          { role: 'user', content: 'Say hello.' },
        ],
      }),
      await respond(shared.server, { instructions: 'You are hello.\n\nBe kind.', input: 'Say hello.' }),
    ]
    expect(apart.usage.input_tokens).toBe(whole.usage.input_tokens)
    expect(whole.usage.input_tokens_details.cached_tokens).toBe(whole.usage.input_tokens - 1)
  })
})

describe('events', () => {
  test('are numbered from 0 and match their types', async () => {
    const response = await shared.server.post('/v1/responses', { input: story, stream: true })
    const events = parseEvents(await response.text())
    const data = events.map((event) =>
      z.looseObject({ type: z.string(), sequence_number: z.int() }).parse(event.data),
    )
    expect(data.map(({ sequence_number }) => sequence_number)).toEqual(data.map((_, place) => place))
    expect(data.map(({ type }) => type)).toEqual(events.map(({ event }) => event))
  })

  test('include the log probability of each token', async () => {
    const body = {
      input: 'Say hello.',
      include: ['message.output_text.logprobs'],
      top_logprobs: 2,
      stream: true,
    }
    const events = await readStream(await shared.server.post('/v1/responses', body))
    const deltas = events.filter(({ type }) => type === 'response.output_text.delta')
    const told = deltas.flatMap(({ logprobs }) => logprobs ?? [])
    const words = told.map(({ token }) => token).join('')
    expect(words.replace('<|im_end|>', '')).toBe(answerTo('Say hello.'))
    for (const { logprob, token, bytes, top_logprobs: top } of told) {
      expect(logprob).toBeLessThanOrEqual(0)
      // The token that ends the text adds nothing to it.
      expect(Buffer.from(bytes).toString()).toBe(token === '<|im_end|>' ? '' : token)
      expect(top).toHaveLength(2)
      expect(top[0]).toEqual({ token, bytes, logprob })
    }
    const done = events.find(({ type }) => type === 'response.output_text.done')
    expect(done?.logprobs).toEqual(told)
    // Without alternatives where none are asked for, and none at all where nothing is.
    const plain = await respond(shared.server, {
      input: 'Say hello.',
      include: ['message.output_text.logprobs'],
    })
    const [message] = plain.output
    expect(message?.content?.[0]?.logprobs?.map(({ top_logprobs: top }) => top.length)).toEqual(
      told.map(() => 0),
    )
    expect((await respond(shared.server, { input: 'Say hello.' })).output[0]?.content?.[0]?.logprobs).toEqual(
      [],
    )
  })

  test('of a failed answer end with its error, and it is not stored', async () => {
    const server = await openServer()
    try {
      const { pid } = await server.services.engineService.engine.status()
      const response = await server.post('/v1/responses', endless)
      const reader = z
        .instanceof(ReadableStream)
        .parse(response.body)
        .pipeThrough(new TextDecoderStream())
        .getReader()
      let text = ''
      let killed = false
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        text += next.value
        if (killed || !text.includes('response.output_text.delta')) continue
        process.kill(z.int().parse(pid), 'SIGKILL')
        killed = true
      }
      const events = parseEvents(text).map(({ data }) => z.looseObject({ type: z.string() }).parse(data))
      expect(events.at(-1)).toMatchObject({
        type: 'response.failed',
        sequence_number: events.length - 1,
        response: {
          status: 'failed',
          error: {
            code: 'server_error',
            message: 'The model process stopped and is being restarted.',
          },
        },
      })
      const { id } = z.object({ id: z.string() }).parse(events[0]?.response)
      expect((await fetch(`${server.url}/v1/responses/${id}`)).status).toBe(404)
      await until(async () => server.services.engineService.state === 'ready')
      const refused = await server.post('/v1/responses', { input: 'Say hello.', previous_response_id: id })
      expect(refused.status).toBe(404)
    } finally {
      await server.cut()
    }
  })

  test('end the generation when the client disconnects, and nothing is stored', async () => {
    const { server } = shared
    const leaving = new AbortController()
    const response = await server.post('/v1/responses', endless, { signal: leaving.signal })
    const reader = z
      .instanceof(ReadableStream)
      .parse(response.body)
      .pipeThrough(new TextDecoderStream())
      .getReader()
    const { value } = await reader.read()
    const id = /resp_[0-9a-f]{32}/.exec(String(value))?.[0]
    leaving.abort()
    await server.services.generations.waitUntilIdle()
    await until(async () => (await server.services.engineService.engine.status()).active === 0)
    expect((await fetch(`${server.url}/v1/responses/${id}`)).status).toBe(404)
  })
})

test('the log lists the ignored tools', async () => {
  await respond(shared.server, { input: 'Say hello.', tools: [{ type: 'web_search' }] })
  const line = shared.server.logLines.find((entry) => entry.includes('unsupported tools'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    level: 20,
    requestId: expect.stringMatching(/^req_/),
    tools: ['web_search'],
  })
})
