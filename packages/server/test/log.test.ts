import { expect, test } from 'vitest'
import { answerTo, ask, until } from '../../engine/test/engine/support.ts'
import { createServices, readSettings } from '../src/index.ts'
import { formatLine } from '../src/log.ts'
import { chat, readAnswer, readChat } from './streams.ts'
import { openServer, type TestServer, useServer } from './support.ts'

const shared = useServer()

/** The line on the request of an id. */
async function lineOf(server: TestServer, requestId: string | null): Promise<Record<string, unknown>> {
  const found = () =>
    server.logLines.find((line) => line.includes('"msg":"request"') && line.includes(`"${requestId}"`))
  await until(async () => found() !== undefined)
  return JSON.parse(found() ?? '')
}

test('a request is one line: its ID, outcome, tokens and times, and no prompt', async () => {
  const response = await shared.server.post('/v1/chat/completions', chat('Say hello.'))
  const { usage } = await readAnswer(response)
  const id = response.headers.get('x-request-id')
  expect(id).toMatch(/^req_[0-9a-f]{32}$/)
  expect(await lineOf(shared.server, id)).toEqual({
    level: 30,
    time: expect.any(Number),
    pid: process.pid,
    hostname: expect.any(String),
    requestId: id,
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    caller: 'anonymous',
    ms: expect.any(Number),
    model: 'hello',
    promptTokens: usage.prompt_tokens,
    cachedTokens: expect.any(Number),
    completionTokens: usage.completion_tokens,
    ttftMs: expect.any(Number),
    msg: 'request',
  })
  expect(shared.server.logLines.join('\n')).not.toContain('Say hello.')
  expect(shared.server.logLines.join('\n')).not.toContain(answerTo('Say hello.'))
})

test('a rejected request has the code of its error', async () => {
  const response = await shared.server.post('/v1/chat/completions', { ...chat('Say hello.'), model: 'none' })
  expect(response.status).toBe(404)
  expect(await lineOf(shared.server, response.headers.get('x-request-id'))).toMatchObject({
    status: 404,
    code: 'model_not_found',
  })
})

test.each([
  ['GET', '/v1/nothing', undefined, 404, 'not_found'],
  ['PUT', '/v1/models', undefined, 405, 'method_not_allowed'],
  ['POST', '/v1/chat/completions', '{', 400, 'invalid_json'],
  ['POST', '/v1/embeddings', '{ "input": "Hello." }', 400, 'unsupported'],
] as const)('%s %s is logged with its error code too', async (method, path, body, status, code) => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(shared.server.url + path, { method, headers, body: body ?? null })
  const line = await lineOf(shared.server, response.headers.get('x-request-id'))
  expect(line).toMatchObject({ path, status, code })
})

test('frequent requests of load balancers are logged at level debug', async () => {
  const response = await fetch(`${shared.server.url}/ready`)
  expect(await lineOf(shared.server, response.headers.get('x-request-id'))).toMatchObject({
    level: 20,
    status: 200,
  })
})

test('LOG_PROMPTS=true writes prompts, and no key', async () => {
  const server = await openServer({ LOG_PROMPTS: 'true' })
  const headers = { authorization: 'Bearer a-key-that-is-nobodys' }
  const response = await server.post('/v1/chat/completions', chat('Say hello.'), { headers })
  await response.json()
  const line = await lineOf(server, response.headers.get('x-request-id'))
  expect(line.prompts).toEqual([ask('Say hello.').messages])
  await server.cut()
  expect(server.logLines.join('\n')).not.toContain('a-key-that-is-nobodys')
})

test('a stream has its tokens in the log too', async () => {
  const counted = await shared.server.post('/v1/chat/completions', chat('Count to ten.'))
  const { usage } = await readAnswer(counted)
  const response = await shared.server.post('/v1/chat/completions', chat('Count to ten.', { stream: true }))
  expect((await readChat(response)).text).toBe(answerTo('Count to ten.'))
  expect(await lineOf(shared.server, response.headers.get('x-request-id'))).toMatchObject({
    status: 200,
    completionTokens: usage.completion_tokens,
  })
})

test('a terminal gets readable lines', () => {
  const time = new Date(2026, 0, 2, 12, 30, 1).getTime()
  const base = { time, pid: 1, hostname: 'here' }
  const request = { ...base, level: 30, msg: 'request', method: 'GET', status: 200, prompts: [['a']] }
  expect(formatLine(JSON.stringify(request))).toBe(
    '12:30:01 info  request method=GET status=200 prompts=[["a"]]\n',
  )
  const failure = {
    ...base,
    level: 50,
    msg: 'it failed',
    err: { type: 'Error', message: 'no', stack: 'Error: no\n at x' },
  }
  expect(formatLine(JSON.stringify(failure))).toBe('12:30:01 error it failed\n  Error: no\n   at x\n')
})

test('a line of the log is also received in readable form, with its date', async () => {
  const lines: string[] = []
  await using services = await createServices(readSettings({ LOG_LEVEL: 'error' }), {
    onLog: (line) => lines.push(line),
  })
  services.log.info('not at this level')
  services.log.error({ err: new Error('broken'), model: 'hello' }, 'start')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d error start model=hello\n {2}Error: broken\n/)
})
