/** The app without a socket, in another app, and with a check of callers that is the app's own. */
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { answerTo, story } from '../../engine/test/engine/support.ts'
import {
  ApiError,
  type Authenticate,
  createApp,
  createServices,
  readSettings,
  type Services,
  startServer,
} from '../src/index.ts'
import { send } from './raw.ts'
import { chat, readAnswer, readChat } from './streams.ts'
import { noKeys, useServer } from './support.ts'

const quiet = { KEYS_FILE: noKeys, LOG_LEVEL: 'silent' }
const engine = { device: 'cpu' } as const
const statusSchema = z.object({ needs_key: z.boolean() })
let services: Services

beforeAll(async () => {
  services = await createServices(readSettings(quiet), { engine })
  await services.start()
})
afterAll(() => services?.close())

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

describe('without a socket', () => {
  test('it answers complete and streamed, and counts both', async () => {
    const app = createApp(services)
    const before = await services.metrics.read()
    const count = (text: string) =>
      Number(/^mlx_http_requests_total\{.*chat.*"200"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    const whole = await app.request('/v1/chat/completions', post(chat('Say hello.')))
    expect((await readAnswer(whole)).text).toBe(answerTo('Say hello.'))
    const streamed = await app.request('/v1/chat/completions', post(chat(story, { stream: true })))
    expect(await readChat(streamed)).toMatchObject({ text: answerTo(story), done: true })
    expect(count(await services.metrics.read()) - count(before)).toBe(2)
    expect(await services.metrics.read()).toContain('\nmlx_http_open_streams 0\n')
  })

  test('a body that is not JSON is 400 for a route of its own too, and other syntax errors are 500', async () => {
    const app = createApp(services)
    app.post('/own', async (c) => c.json(JSON.parse(String((await c.req.json()).text))))
    const statuses = []
    for (const body of ['no JSON', { text: 'no JSON' }, { text: '{}' }]) {
      statuses.push((await app.request('/own', post(body))).status)
    }
    expect(statuses).toEqual([400, 500, 200])
  })

  test('a client that stops reading ends its generation', async () => {
    const streamed = await createApp(services).request(
      '/v1/chat/completions',
      post(chat(story, { stream: true })),
    )
    const reader = streamed.body?.getReader()
    await reader?.read()
    expect(services.generations.active).toBe(1)
    await reader?.cancel()
    await services.generations.waitUntilIdle()
    expect(await services.metrics.read()).toMatch(/^mlx_http_requests_total\{.*"499"\} 1$/m)
  })

  test.each([
    ['{"messages": [', 400, 'invalid_json'],
    [`{"messages": [], "x": "${'x'.repeat(17 * 1024 * 1024)}"}`, 413, 'body_too_large'],
  ])('a body is checked like that of a network request: %#', async (body, status, code) => {
    const response = await createApp(services).request('/v1/chat/completions', post(body))
    expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }])
  })

  test('it accepts only host names of this machine', async () => {
    const response = await createApp(services).request('http://evil.example/health')
    expect(response.status).toBe(403)
  })
})

describe('in another app', () => {
  test('earlier routes are public, and later ones run behind its checks', async () => {
    const app = new Hono()
      .post('/before', async (c) => c.text(await c.req.text()))
      .route('/', createApp(services))
      .post('/after', async (c) => c.json(await c.req.json()))
      .get('/fails', () => {
        throw new ApiError(429, 'too_many_visits', 'Come back later.', { retryAfterSeconds: 7 })
      })
    const evil = { origin: 'https://evil.example' }
    expect(await (await app.request('/before', { method: 'POST', body: 'any', headers: evil })).text()).toBe(
      'any',
    )
    expect((await app.request('/after', post({ a: 1 }, evil))).status).toBe(403)
    expect((await app.request('/after', { method: 'POST', body: 'any' })).status).toBe(415)
    const answer = await app.request('/after', post({ a: 1 }))
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/)
    expect(await answer.json()).toEqual({ a: 1 })
    const failed = await app.request('/fails')
    expect([failed.status, failed.headers.get('retry-after'), await failed.json()]).toEqual([
      429,
      '7',
      {
        error: {
          message: 'Come back later.',
          type: 'rate_limit_error',
          param: null,
          code: 'too_many_visits',
        },
      },
    ])
    expect((await app.request('/health', { method: 'PUT' })).status).toBe(405)
    expect((await app.request('/nowhere')).status).toBe(404)
  })

  test('at a prefix, the API, its errors and its reference work as at the root', async () => {
    const app = new Hono().route('/llm', createApp(services))
    const answer = await app.request('/llm/v1/chat/completions', post(chat('Say hello.')))
    expect((await readAnswer(answer)).text).toBe(answerTo('Say hello.'))
    const refused = await app.request('/llm/v1/messages', post({ model: 'hello' }))
    expect([refused.status, await refused.json()]).toMatchObject([400, { type: 'error' }])
    expect((await app.request('/llm/health', { method: 'PUT' })).status).toBe(405)
    expect(await (await app.request('/llm/openapi.json')).json()).toMatchObject({
      servers: [{ url: '/llm' }],
    })
    expect(await (await app.request('/llm/docs')).text()).toContain(
      'curl http://localhost/llm/v1/chat/completions',
    )
    for (const path of ['/', '/health', '/v1/models', '/docs'])
      expect((await app.request(path)).status).toBe(404)
  })
})

describe('custom authentication', () => {
  const authenticate: Authenticate = async (request) => {
    const user = request.headers.get('x-user') ?? undefined
    if (user === 'broken') throw new Error('The directory of users is down.')
    return user
  }
  const as = (user: string) => ({ headers: { 'x-user': user } })
  const logged = useServer({}, {}, { authenticate })

  test('identifies the caller or rejects the request', async () => {
    const { server } = logged
    const answer = await server.post('/v1/chat/completions', chat('Say hello.'), as('ada'))
    expect((await readAnswer(answer)).text).toBe(answerTo('Say hello.'))
    expect(server.logLines.some((line) => line.includes('"caller":"ada"'))).toBe(true)
    for (const headers of [{}, { 'x-user': '' }, { authorization: 'Bearer ada' }]) {
      const refused = await server.post('/v1/chat/completions', chat('Say hello.'), { headers })
      expect([refused.status, await refused.json()]).toMatchObject([
        401,
        { error: { code: 'not_authenticated' } },
      ])
    }
    const broken = await server.post('/v1/chat/completions', chat('Say hello.'), as('broken'))
    expect(broken.status).toBe(500)
    expect(await broken.text()).not.toContain('directory')
    expect(server.logLines.some((line) => line.includes('The directory of users is down.'))).toBe(true)
  })

  test('leaves public paths public, and tells the page whether it is authenticated', async () => {
    const { url } = logged.server
    for (const path of ['/health', '/ready', '/docs', '/openapi.json'])
      expect((await fetch(url + path)).status).toBe(200)
    for (const path of ['/metrics', '/v1/models', '/nowhere'])
      expect((await fetch(url + path)).status).toBe(401)
    const needsKey = async (init: RequestInit) => {
      const response = await fetch(`${url}/api/status`, init)
      return statusSchema.parse(await response.json()).needs_key
    }
    expect([await needsKey({}), await needsKey(as('ada'))]).toEqual([true, false])
  })

  test('works at a prefix too', async () => {
    await using guarded = await createServices(readSettings(quiet), { engine, authenticate })
    const app = new Hono().route('/llm', createApp(guarded))
    expect((await app.request('/llm/health')).status).toBe(200)
    expect((await app.request('/llm/metrics')).status).toBe(401)
    expect((await app.request('/llm/metrics', as('ada'))).status).toBe(200)
  })

  test('allows the server to listen on public addresses', async () => {
    const open = readSettings({ ...quiet, HOST: '0.0.0.0', PORT: '0' })
    await expect(startServer(open, { engine })).rejects.toThrow(/^Other machines can reach HOST=0\.0\.0\.0/)
    await using server = await startServer(open, { engine, authenticate })
    const url = server.url.replace('0.0.0.0', '127.0.0.1')
    expect((await send(url, { path: '/v1/nowhere', headers: { host: 'studio.local' } })).status).toBe(401)
    // `close` waits for the load, which nobody else does.
    await server.ready
  })
})

test('services that were never started can be closed, and so can a server whose app fails', async () => {
  const unused = await createServices(readSettings(quiet), { engine })
  await unused.close()
  const app = () => Promise.reject(new Error('It has no database.'))
  await expect(startServer(readSettings({ ...quiet, PORT: '0' }), { engine, app })).rejects.toThrow(
    'no database',
  )
})
