import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../../engine/test/engine/support.ts'
import { openServer, type TestServer, useServer } from './support.ts'

const shared = useServer()

const rules = 'You change code for the user, step by step, and run the tests after each change. '.repeat(6)
const system = (time: string) => `You are an agent.\nCurrent time: ${time}\n${rules}`
const question = { role: 'user', content: 'Say hello.' } as const

const messageSchema = z.object({
  usage: z.object({ input_tokens: z.int(), cache_read_input_tokens: z.int().nullish() }),
})

const usageSchema = z.object({
  usage: z.object({
    prompt_tokens: z.int().optional(),
    prompt_tokens_details: z.object({ cached_tokens: z.int() }).optional(),
    input_tokens: z.int().optional(),
    input_tokens_details: z.object({ cached_tokens: z.int() }).optional(),
    cache_read_input_tokens: z.int().optional(),
  }),
})

/** The request of each API, with its model's own name for a limit. */
const requests: Record<string, (time: string) => Record<string, unknown>> = {
  '/v1/chat/completions': (time) => ({
    messages: [{ role: 'system', content: system(time) }, question],
    max_tokens: 5,
  }),
  '/v1/responses': (time) => ({ instructions: system(time), input: [question], max_output_tokens: 5 }),
  '/v1/messages': (time) => ({ system: system(time), messages: [question], max_tokens: 5 }),
}

/** The tokens of a prompt that a request reads, and the number of moved lines in its log line. */
async function read(server: TestServer, path: string, time: string) {
  const response = await server.post(path, { model: 'hello', ...requests[path]?.(time) })
  expect(response.status).toBe(200)
  const { usage } = usageSchema.parse(await response.json())
  const requestId = response.headers.get('x-request-id')
  const line = () =>
    server.logLines.find((text) => text.includes(`"${requestId}"`) && text.includes('"msg":"request"'))
  await until(async () => line() !== undefined)
  const cached =
    usage.cache_read_input_tokens ??
    (usage.prompt_tokens_details ?? usage.input_tokens_details)?.cached_tokens ??
    0
  return { cached, movedLines: JSON.parse(line() ?? '{}').movedLines }
}

describe.each(Object.keys(requests))('a system prompt with the time at %s', (path) => {
  test('stays cached, and the log says that a line was moved', async () => {
    await read(shared.server, path, '18:30:01')
    const { cached, movedLines } = await read(shared.server, path, '18:31:47')
    // Rules of 480 characters are more than 100 tokens of any tokenizer.
    expect(cached).toBeGreaterThan(100)
    expect(movedLines).toBe(1)
  })

  test('keeps its lines and is read again, where the setting says so', async () => {
    await using server = await openServer({ VOLATILE_LINES: 'keep' })
    await read(server, path, '18:30:01')
    const { cached, movedLines } = await read(server, path, '18:31:47')
    expect(cached).toBeLessThan(60)
    expect(movedLines).toBeUndefined()
  })
})

test('lines that last for many turns, and those of code, stay where they are', async () => {
  const lines = "Today's date: 2026-11-30\nWorking directory: /work\n```\nturn: 3\ntime: 10:30\n```"
  expect((await read(shared.server, '/v1/chat/completions', `18:30\n${lines}`)).movedLines).toBe(1)
})

test('the tokens of a message are counted as they are read', async () => {
  const body = { model: 'hello', ...requests['/v1/messages']?.('18:30:01'), max_tokens: undefined }
  const count = await (await shared.server.post('/v1/messages/count_tokens', body)).json()
  const message = messageSchema.parse(
    await (await shared.server.post('/v1/messages', { ...body, max_tokens: 5 })).json(),
  )
  const { input_tokens, cache_read_input_tokens } = message.usage
  expect(count).toEqual({ input_tokens: input_tokens + (cache_read_input_tokens ?? 0) })
})
