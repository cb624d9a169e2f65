import { describe, expect, test } from 'vitest'
import { answerTo, ask } from '../../engine/test/engine/support.ts'
import { readSettings } from '../src/settings.ts'
import { exchange, send } from './raw.ts'
import { useServer } from './support.ts'

const shared = useServer({
  ALLOWED_HOSTS: 'studio.local,proxy.example:8443',
  ALLOWED_ORIGINS: 'https://app.example.org, http://localhost:3000',
})
const six = useServer({ HOST: '::1' })

const port = () => new URL(shared.server.url).port

/** The status of a GET, and of a question, with these headers. */
async function statuses(headers: Record<string, string>) {
  const { url } = shared.server
  const [get, post] = [
    await send(url, { path: '/v1/models-of-nobody', headers }),
    await send(url, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(ask('Say hello.')),
    }),
  ]
  return [get.status, post.status]
}

const fine = [404, 200]
const refused = [403, 403]

describe('the host that a request names', () => {
  test.each([
    ['localhost', fine],
    ['LOCALHOST:1', fine],
    ['127.0.0.1', fine],
    ['127.8.9.10:8000', fine],
    ['[::1]', fine],
    ['[::1]:8000', fine],
    ['studio.local', fine],
    ['Studio.Local:8000', fine],
    ['proxy.example:8443', fine],
    ['proxy.example', refused],
    ['evil.example', refused],
    ['evil.example:8000', refused],
    ['127.0.0.1.evil.example', refused],
    ['localhost.evil.example', refused],
    ['evil.localhost', refused],
    ['0.0.0.0', refused],
    ['10.0.0.1', refused],
    ['[::]', refused],
    ['[fe80::1]', refused],
  ])('%s: %j', async (host, expected) => {
    expect(await statuses({ host })).toEqual(expected)
  })

  test('the error has the usual format', async () => {
    const answer = await send(shared.server.url, { path: '/health', headers: { host: 'evil.example' } })
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.text)).toEqual({
      error: {
        message: 'This server does not accept requests for the host "evil.example".',
        type: 'permission_error',
        param: null,
        code: 'host_not_allowed',
      },
    })
  })

  test('an invalid name', async () => {
    for (const host of [
      'local host',
      'localhost:port',
      'user@localhost',
      'localhost/x',
      '[::1',
      'localhost#',
    ]) {
      const [get, post] = await statuses({ host })
      expect([host, get, post]).toEqual([host, 400, 400])
    }
  })

  test('an absolute target must match the Host header', async () => {
    const lines = (target: string, ...hosts: string[]) =>
      `GET ${target} HTTP/1.1\r\n${hosts.map((host) => `host: ${host}\r\n`).join('')}connection: close\r\n\r\n`
    const status = async (text: string) => Number((await exchange(shared.server.url, text)).split(' ')[1])
    expect(await status(lines('http://localhost/health', 'localhost'))).toBe(200)
    expect(await status(lines('http://evil.example/health', 'localhost'))).toBe(400)
    expect(await status(lines('http://localhost/health', 'evil.example'))).toBe(400)
    expect(await status(lines('http://evil.example/health', 'evil.example'))).toBe(403)
    expect(await status(lines('/health', 'localhost', 'evil.example'))).toBe(400)
    expect(await status(lines('/health'))).toBe(400)
    expect(await status(lines('/health', ''))).toBe(400)
    expect(await status('GET /health HTTP/1.0\r\n\r\n')).toBe(400)
    expect(await status(lines('http://[::1/health', 'localhost'))).toBe(400)
    expect(await status(lines('\\\\evil.example/health', 'localhost'))).toBe(400)
  })

  test('a server on ::1', async () => {
    expect((await fetch(`${six.server.url}/health`)).status).toBe(200)
    expect((await send(six.server.url, { path: '/health', headers: { host: 'evil.example' } })).status).toBe(
      403,
    )
  })
})

describe('the origin of a request', () => {
  test.each([
    ['https://app.example.org', fine],
    ['http://localhost:3000', fine],
    ['http://localhost:3001', refused],
    ['https://app.example.org.evil.example', refused],
    ['https://evil.example', refused],
    ['http://evil.example', refused],
    ['null', refused],
    ['file://', refused],
  ])('%s: %j', async (origin, expected) => {
    expect(await statuses({ host: 'localhost', origin })).toEqual(expected)
  })

  test('its own page, under each of its names', async () => {
    for (const host of [`127.0.0.1:${port()}`, `localhost:${port()}`, 'studio.local'])
      expect(await statuses({ host, origin: `http://${host}` })).toEqual(fine)
    // As behind a proxy that ends HTTPS.
    expect(await statuses({ host: 'proxy.example:8443', origin: 'https://proxy.example:8443' })).toEqual(fine)
    expect(await statuses({ host: 'localhost', origin: `http://localhost:${port()}` })).toEqual(refused)
  })

  test('a request without an origin that a browser makes for another site', async () => {
    const asked = { host: 'localhost', 'sec-fetch-site': 'cross-site' }
    expect(await statuses(asked)).toEqual(refused)
    expect(await statuses({ ...asked, origin: 'https://app.example.org' })).toEqual(fine)
    expect(await statuses({ host: 'localhost', 'sec-fetch-site': 'same-origin' })).toEqual(fine)
    const { url } = shared.server
    const link = { ...asked, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await send(url, { path: '/', headers: link })).status).not.toBe(403)
    expect((await send(url, { path: '/health', headers: link })).status).toBe(403)
    const frame = { ...link, 'sec-fetch-dest': 'iframe' }
    expect((await send(url, { path: '/', headers: frame })).status).toBe(403)
  })
})

describe('allowed origins', () => {
  const preflight = (origin: string) =>
    send(shared.server.url, {
      method: 'OPTIONS',
      path: '/v1/chat/completions',
      headers: {
        host: 'localhost',
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers':
          'authorization,content-type,x-api-key,anthropic-version,x-stainless-os',
      },
    })

  test('a preflight is answered with what they can send', async () => {
    const { status, headers } = await preflight('https://app.example.org')
    expect(status).toBe(204)
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example.org',
      'access-control-allow-methods': 'GET,POST,DELETE',
      'access-control-allow-headers': 'authorization,content-type,x-api-key,anthropic-version,x-stainless-os',
      vary: expect.stringContaining('Origin'),
    })
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test('other pages get no such answer', async () => {
    const { status, headers } = await preflight('https://evil.example')
    expect(status).toBe(403)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('they read answers and errors', async () => {
    const headers = { origin: 'https://app.example.org', 'content-type': 'application/json' }
    const post = (body: unknown) =>
      send(shared.server.url, {
        method: 'POST',
        path: '/v1/chat/completions',
        headers,
        body: JSON.stringify(body),
      })
    const answer = await post(ask('Say hello.'))
    expect(answer.text).toContain(answerTo('Say hello.'))
    const error = await post({ messages: 5 })
    expect(error.status).toBe(400)
    for (const { headers } of [answer, error]) {
      expect(headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example.org',
        'access-control-expose-headers': expect.stringContaining('x-request-id'),
        vary: expect.stringContaining('Origin'),
      })
    }
  })

  test('responses without an origin have no CORS headers', async () => {
    expect((await send(shared.server.url, { path: '/health' })).headers).not.toHaveProperty(
      'access-control-allow-origin',
    )
  })
})

test('every response has the security headers', async () => {
  const { url } = shared.server
  const answers = [
    await send(url, { path: '/health' }),
    await send(url, { path: '/nowhere' }),
    await send(url, { path: '/health', headers: { host: 'evil.example' } }),
    await send(url, { method: 'PUT', path: '/health' }),
    await send(url, { method: 'POST', path: '/v1/chat/completions', body: '{}' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 403, 405, 415])
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'x-request-id': expect.stringMatching(/^req_[0-9a-f]{32}$/),
    })
  }
})

test('a path that supports other methods lists them', async () => {
  const { url } = shared.server
  const wrong = await send(url, { method: 'DELETE', path: '/v1/chat/completions' })
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST'])
  expect(JSON.parse(wrong.text).error).toMatchObject({
    message: '/v1/chat/completions does not support DELETE. Allowed methods: POST.',
    code: 'method_not_allowed',
  })
  const posted = await send(url, { method: 'POST', path: '/health' })
  expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
  expect((await send(url, { method: 'OPTIONS', path: '/health' })).status).toBe(405)
  expect((await send(url, { method: 'POST', path: '/nowhere' })).status).toBe(404)
  expect((await send(url, { method: 'HEAD', path: '/health' })).status).toBe(200)
})

test('a client that asks to close the connection gets it, rejected or not, with or without a body', async () => {
  const { url } = shared.server
  const end = 'HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n'
  const started = performance.now()
  expect(await exchange(url, `GET /health ${end}\r\n`)).toMatch(/^HTTP\/1.1 200 /)
  expect(await exchange(url, `GET /nowhere ${end}\r\n`)).toMatch(/^HTTP\/1.1 404 /)
  expect(await exchange(url, `TRACE /health ${end}\r\n`)).toMatch(/^HTTP\/1.1 405 /)
  const post = `POST /v1/chat/completions ${end}content-length: 2\r\n`
  expect(await exchange(url, `${post}\r\n{}`)).toMatch(/^HTTP\/1.1 415 /)
  expect(await exchange(url, `${post}content-type: application/json\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 400 /)
  // A connection that stays open ends later.
  expect(performance.now() - started).toBeLessThan(readSettings({}).idleTimeoutMs)
})
