import { join } from 'node:path'
import {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { describe, expect, test } from 'vitest'
import { ask, story, until, useFolder } from '../../../engine/test/engine/support.ts'
import { runKeys } from '../../src/keys/command.ts'
import { openServer, useServer } from '../support.ts'
import { failureOf, openaiClient } from './openai-client.ts'

const folder = useFolder()
const shared = useServer({ STREAMS_PER_KEY: '1' })
const client = () => openaiClient(shared.server.url)
const model = 'hello'

describe('the client raises', () => {
  test('BadRequestError, with the field', async () => {
    const error = await failureOf(
      client().chat.completions.create({ model, ...ask('Say hello.'), temperature: 7 }),
    )
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      code: 'invalid_value',
      param: 'temperature',
      message: expect.stringContaining('temperature: '),
      requestID: expect.stringMatching(/^req_/),
    })
  })

  test('BadRequestError for a prompt that exceeds the context length', async () => {
    const messages = [{ role: 'user' as const, content: 'word '.repeat(40_000) }]
    const error = await failureOf(client().chat.completions.create({ model, messages, stream: true }))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ code: 'context_length_exceeded' })
  })

  test('NotFoundError for an unknown model, with the available ones', async () => {
    const created = await failureOf(
      client().chat.completions.create({ model: 'gpt-5', ...ask('Say hello.') }),
    )
    for (const error of [created, await failureOf(client().models.retrieve('gpt-5'))]) {
      expect(error).toBeInstanceOf(NotFoundError)
      expect(error).toMatchObject({
        code: 'model_not_found',
        message: expect.stringContaining('"gpt-5". Available models: hello'),
      })
    }
  })

  test('NotFoundError for an unknown path', async () => {
    const error = await failureOf(client().files.list())
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ message: '404 There is no endpoint GET /v1/files.' })
  })

  test('BadRequestError for a model without embeddings', async () => {
    const error = await failureOf(client().embeddings.create({ model, input: 'Say hello.' }))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining('hello') })
  })

  test('RateLimitError over the limit of a key, with the time to wait', async () => {
    const { engine } = shared.server.services.engineService
    const stream = await client().chat.completions.create({
      model,
      ...ask(story),
      logit_bias: { 2: -100 },
      max_tokens: 4000,
      stream: true,
    })
    const error = await failureOf(client().chat.completions.create({ model, ...ask('Say hello.') }))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ code: 'too_many_requests', type: 'rate_limit_error' })
    expect(error).toHaveProperty('headers')
    if (error instanceof RateLimitError) expect(error.headers.get('retry-after')).toBe('1')
    stream.controller.abort()
    await until(async () => (await engine.status()).active === 0)
  })

  test('InternalServerError with 503 and Retry-After during shutdown', async () => {
    const server = await openServer()
    server.services.engineService.drain()
    const error = await failureOf(
      openaiClient(server.url).chat.completions.create({ model, ...ask('Say hello.') }),
    )
    expect(error).toBeInstanceOf(InternalServerError)
    expect(error).toMatchObject({ status: 503, code: 'shutting_down' })
    await server.cut()
  })
})

test('AuthenticationError without a valid key, and an answer with one', async () => {
  const path = join(folder.path, 'keys.json')
  let key = ''
  const say = (text: string) => {
    key = text
  }
  await runKeys(['create', '--name', 'laptop'], path, { say, note: () => undefined })
  const server = await openServer({ KEYS_FILE: path })
  const error = await failureOf(openaiClient(server.url).models.list())
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'authentication_error' })
  const { data } = await openaiClient(server.url, { apiKey: key }).models.list()
  expect(data[0]?.id).toBe('hello')
  await server.cut()
})
