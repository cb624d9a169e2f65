import { join } from 'node:path'
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServiceUnavailableError,
} from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import { ask, story, until, useFolder } from '../../../engine/test/engine/support.ts'
import { runKeys } from '../../src/keys/command.ts'
import { openServer, useServer } from '../support.ts'
import { anthropicClient } from './anthropic-client.ts'
import { failureOf } from './openai-client.ts'

const folder = useFolder()
const shared = useServer({ STREAMS_PER_KEY: '1' })
const client = () => anthropicClient(shared.server.url)
const question = { model: 'hello', max_tokens: 100, ...ask('Say hello.') }

describe('the client raises', () => {
  test('BadRequestError, with the field and the request ID', async () => {
    const error = await failureOf(client().messages.create({ ...question, max_tokens: -1 }))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      apiMessage: 'max_tokens: Too small: expected number to be >=1',
      requestID: expect.stringMatching(/^req_/),
    })
    expect(error).toHaveProperty('error.request_id', error instanceof BadRequestError && error.requestID)
  })

  test('BadRequestError for a prompt that exceeds the context length, before a stream begins', async () => {
    const messages = [{ role: 'user' as const, content: 'word '.repeat(40_000) }]
    const error = await failureOf(client().messages.create({ ...question, messages, stream: true }))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ apiMessage: expect.stringMatching(/^prompt is too long: /) })
  })

  test('BadRequestError for prefill', async () => {
    const messages = [...question.messages, { role: 'assistant' as const, content: 'Hello' }]
    const error = await failureOf(client().messages.create({ ...question, messages }))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({
      apiMessage: expect.stringContaining('Prefill, a last turn of the assistant, is not supported.'),
    })
  })

  test('NotFoundError for an unknown model, with the available ones', async () => {
    const error = await failureOf(client().messages.create({ ...question, model: 'claude' }))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({
      type: 'not_found_error',
      apiMessage: 'There is no model "claude". Available models: hello.',
    })
  })

  test('RateLimitError over the limit of a key, with the time to wait', async () => {
    const { generations, engineService } = shared.server.services
    const endless = { ...ask(story), logitBias: { 2: -100 }, maxTokens: 20_000 }
    const stream = generations.stream('anonymous', endless, new AbortController().signal)
    await stream.next()
    const error = await failureOf(client().messages.create(question))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ type: 'rate_limit_error' })
    if (error instanceof RateLimitError) expect(error.headers.get('retry-after')).toBe('1')
    await stream.return()
    await until(async () => (await engineService.engine.status()).active === 0)
  })

  test('ServiceUnavailableError during shutdown', async () => {
    const server = await openServer()
    server.services.engineService.drain()
    const error = await failureOf(anthropicClient(server.url).messages.create(question))
    expect(error).toBeInstanceOf(ServiceUnavailableError)
    expect(error).toMatchObject({ status: 503, type: 'overloaded_error' })
    await server.cut()
  })

  test('PermissionDeniedError for a host that the server does not accept', async () => {
    const headers = { origin: 'https://example.org' }
    const error = await failureOf(client().messages.create(question, { headers }))
    expect(error).toBeInstanceOf(PermissionDeniedError)
    expect(error).toMatchObject({ type: 'permission_error', requestID: expect.stringMatching(/^req_/) })
  })

  test('an APIError from an event, when the worker crashes during a stream', async () => {
    const server = await openServer()
    const { engine } = server.services.engineService
    const stream = anthropicClient(server.url).messages.stream({
      ...question,
      ...ask(story),
      max_tokens: 500,
    })
    const ended = failureOf(stream.done())
    const { pid } = await engine.status()
    stream.once('text', () => process.kill(pid ?? 0, 'SIGKILL'))
    const error = await ended
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ status: undefined, type: 'overloaded_error' })
    await server.cut()
  })
})

test('AuthenticationError without a valid key, and an answer with one in either header', async () => {
  const path = join(folder.path, 'keys.json')
  let key = ''
  const say = (text: string) => {
    key = text
  }
  await runKeys(['create', '--name', 'laptop'], path, { say, note: () => undefined })
  const server = await openServer({ KEYS_FILE: path })
  const error = await failureOf(anthropicClient(server.url).messages.create(question))
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error).toMatchObject({ type: 'authentication_error', requestID: expect.stringMatching(/^req_/) })
  for (const credentials of [{ apiKey: key }, { apiKey: null, authToken: key }]) {
    const message = await anthropicClient(server.url, credentials).messages.create(question)
    expect(message.stop_reason).toBe('end_turn')
  }
  await server.cut()
})
