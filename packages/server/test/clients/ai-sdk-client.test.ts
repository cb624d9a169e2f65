import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, generateObject, generateText, isStepCount, Output, streamText, tool } from 'ai'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerTo, story, until } from '../../../engine/test/engine/support.ts'
import { useServer } from '../support.ts'
import { weather } from '../weather.ts'
import { failureOf } from './openai-client.ts'

const shared = useServer()
const provider = () => createOpenAI({ baseURL: `${shared.server.url}/v1`, apiKey: 'none' })

// generateObject is deprecated and still what many use.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })

// A failure is to be seen, not tried again.
const maxRetries = 0
const schema = z.object({ model: z.string().max(20), layers: z.int().max(9), tiny: z.boolean() })

describe.each([
  ['chat completions', () => provider().chat('hello')],
  ['responses, which the SDK takes by default', () => provider()('hello')],
])('the AI SDK over %s', (_, model) => {
  test('generateText returns the answer, its finish reason and its usage', async () => {
    const { text, finishReason, usage } = await generateText({
      model: model(),
      prompt: 'Say hello.',
      maxRetries,
    })
    expect({ text, finishReason }).toEqual({ text: answerTo('Say hello.'), finishReason: 'stop' })
    const { inputTokens = 0, outputTokens = 0, totalTokens } = usage
    expect(inputTokens).toBeGreaterThan(5)
    expect(outputTokens).toBeGreaterThan(5)
    expect(totalTokens).toBe(inputTokens + outputTokens)
  })

  test('streamText streams it', async () => {
    const result = streamText({ model: model(), prompt: story, maxRetries })
    const pieces = []
    for await (const piece of result.textStream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe(answerTo(story))
    expect(await result.finishReason).toBe('stop')
    expect((await result.usage).outputTokens).toBeGreaterThan(200)
  })

  test('ends at the limit of tokens', async () => {
    const answer = await generateText({ model: model(), prompt: story, maxOutputTokens: 16, maxRetries })
    expect(answer).toMatchObject({ finishReason: 'length', usage: { outputTokens: 16 } })
  })

  test('generateObject and an output return a value of the schema', async () => {
    const { object } = await generateObject({ model: model(), schema, prompt: 'Write JSON.', maxRetries })
    expect(object).toEqual({ model: 'hello', layers: 2, tiny: true })
    const { output } = await generateText({
      model: model(),
      output: Output.object({ schema }),
      prompt: 'Write JSON.',
      maxRetries,
    })
    expect(output).toEqual({ model: 'hello', layers: 2, tiny: true })
  })

  const called: unknown[] = []
  const tools = {
    [weather.name]: tool({
      description: weather.description,
      inputSchema: weather.schema,
      execute: (given) => {
        called.push(given)
        return weather.result
      },
    }),
  }

  test('calls a tool, and continues with its result in a second step', async () => {
    called.length = 0
    const { text, steps } = await generateText({
      model: model(),
      prompt: weather.question,
      tools,
      stopWhen: isStepCount(3),
      maxRetries,
    })
    expect(called).toEqual([{ city: 'Bern' }])
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop'])
    expect(text).toBe(weather.answer)
  })

  test('does the same streamed', async () => {
    called.length = 0
    const result = streamText({
      model: model(),
      prompt: weather.question,
      tools,
      stopWhen: isStepCount(3),
      maxRetries,
    })
    const parts = []
    for await (const part of result.stream) parts.push(part)
    expect(parts.flatMap((part) => (part.type === 'tool-call' ? [part.input] : []))).toEqual([
      { city: 'Bern' },
    ])
    expect(called).toEqual([{ city: 'Bern' }])
    expect(await result.text).toBe(weather.answer)
  })

  test('calls a tool or returns an output, which one request may both ask for', async () => {
    called.length = 0
    const options = { model: model(), tools, output: Output.object({ schema }), maxRetries }
    const asked = await generateText({ ...options, prompt: weather.question })
    expect(asked.finishReason).toBe('tool-calls')
    expect(called).toEqual([{ city: 'Bern' }])
    const { output } = await generateText({ ...options, prompt: 'Write JSON.' })
    expect(output).toEqual({ model: 'hello', layers: 2, tiny: true })
    const streamed = streamText({ ...options, prompt: weather.question })
    expect(await streamed.finishReason).toBe('tool-calls')
    expect(called).toEqual([{ city: 'Bern' }, { city: 'Bern' }])
  })

  test('throws APICallError with the server’s message', async () => {
    const error = await failureOf(
      generateText({ model: model(), prompt: 'Say hello.', temperature: 7, maxRetries }),
    )
    expect(APICallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({
      statusCode: 400,
      isRetryable: false,
      message: expect.stringContaining('temperature: '),
    })
  })

  test('an abort ends the generation, logged as a client that disconnected', async () => {
    const { engine } = shared.server.services.engineService
    const before = shared.server.logLines.length
    const controller = new AbortController()
    const result = streamText({
      model: model(),
      prompt: story,
      // Without its end the story goes on until it is stopped.
      providerOptions: { openai: { logitBias: { 2: -100 } } },
      maxOutputTokens: 4000,
      abortSignal: controller.signal,
      maxRetries,
    })
    const parts: string[] = []
    const read = (async () => {
      for await (const { type } of result.stream) parts.push(type)
    })()
    await until(async () => (await engine.status()).active === 1)
    controller.abort()
    await read
    expect(parts.at(-1)).toBe('abort')
    await until(async () => (await engine.status()).active === 0)
    await until(async () =>
      shared.server.logLines.slice(before).some((line) => line.includes('"status":499')),
    )
  })
})
