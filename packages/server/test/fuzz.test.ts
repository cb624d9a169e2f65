import { expect, test } from 'vitest'
import { answerTo, ask } from '../../engine/test/engine/support.ts'
import { oddBodies } from './malformed-bodies.ts'
import { endpoints } from './post-endpoints.ts'
import { exchange, send } from './raw.ts'
import { useServer } from './support.ts'

const shared = useServer({ LOG_LEVEL: 'error' })
const count = process.env.SOAK === '1' ? 5000 : 300
const seed = Number(process.env.SEED ?? 20_261)
/** An answer takes a fraction of it: what takes longer hangs. */
const patienceMs = 60_000

async function post(path: string, body: string | Buffer) {
  const response = await fetch(shared.server.url + path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(patienceMs),
  })
  return { status: response.status, text: await response.text() }
}

async function expectGoodAnswer(): Promise<void> {
  const { status, text } = await post('/v1/chat/completions', JSON.stringify(ask('Say hello.')))
  expect(status).toBe(200)
  expect(JSON.parse(text).choices[0].message.content).toBe(answerTo('Say hello.'))
}

test('every endpoint with a body is tested, and accepts a valid one', async () => {
  const { paths } = JSON.parse((await send(shared.server.url, { path: '/openapi.json' })).text)
  const posted = Object.keys(paths).filter((path) => 'post' in paths[path])
  expect(endpoints.map(({ path }) => path).sort()).toEqual(posted.sort())
  for (const { path, good } of endpoints) {
    const { status } = await post(path, JSON.stringify(good))
    expect([path, status]).toEqual([path, path === '/v1/embeddings' ? 400 : 200])
  }
})

test(`${count} random bodies: malformed ones get a 4xx, none a 5xx, and the next request is answered`, {
  timeout: count * 2000,
}, async () => {
  let refused = 0
  for (const { path, body, kind, malformed } of oddBodies(count, seed)) {
    const { status, text } = await post(path, body)
    const seen = { path, kind, status, body: body.toString('utf8', 0, 500), text: text.slice(0, 500) }
    const isError = status >= 400 && status < 500
    expect(malformed ? isError : isError || status === 200, JSON.stringify(seen)).toBe(true)
    if (isError) {
      refused += 1
      // In the shape of the API, with a word on what is wrong.
      expect(JSON.parse(text).error.message, JSON.stringify(seen)).toMatch(/./)
    }
    await expectGoodAnswer()
  }
  expect(refused).toBeGreaterThan(count / 2)
  expect(shared.server.logLines).toEqual([])
})

test('data that is not HTTP is answered with a 400, or not at all', async () => {
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'
  const lines: [string, number][] = [
    ['GARBAGE\r\n\r\n', 400],
    ['GET /health\r\n\r\n', 400],
    ['GET /health HTTP/9.9\r\nhost: localhost\r\n\r\n', 400],
    ['GET /hea lth HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['GET /health HTTP/1.1\r\nhost: localhost\r\nno colon\r\n\r\n', 400],
    ['GET /health HTTP/1.1\r\nhost: localhost\r\na\0b: c\r\n\r\n', 400],
    ['GET /health HTTP/1.1\r\nhost: localhost\r\na: b\r\n c: d\r\n\r\n', 400],
    [`GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${'y'.repeat(20_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`, 431],
    // What two parts may read differently (request smuggling).
    [`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400],
    [`${head}content-length: -2\r\n\r\n{}`, 400],
    [`${head}content-length: 0x2\r\n\r\n{}`, 400],
    [`${head}transfer-encoding: chunked, identity\r\n\r\n{}`, 400],
    [`${head}transfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n`, 400],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n', 0],
    ['TRACE /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 405],
    [
      'GET /health HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\r\n',
      200,
    ],
  ]
  for (const [line, status] of lines) {
    const said = await exchange(shared.server.url, Buffer.from(line, 'latin1'))
    expect([line.slice(0, 120), Number(said.split(' ')[1] ?? 0)]).toEqual([line.slice(0, 120), status])
  }
  await expectGoodAnswer()
})

test('a body of another type is rejected before it is read', async () => {
  const body = JSON.stringify(ask('Say hello.'))
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'text/json',
  ]
  for (const type of [...types, 'application/json-patch+json', 'application/jsonx', '', 'json', undefined]) {
    const headers = type === undefined ? {} : { 'content-type': type }
    const { status, text } = await send(shared.server.url, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers,
      body,
    })
    expect([type, status, JSON.parse(text).error.code]).toEqual([type, 415, 'unsupported_media_type'])
  }
  const compressed = await send(shared.server.url, {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body,
  })
  expect(compressed.status).toBe(415)
  for (const type of [
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json;charset=utf-8',
  ]) {
    const headers = { 'content-type': type }
    const path = '/v1/chat/completions'
    expect((await send(shared.server.url, { method: 'POST', path, headers, body })).status).toBe(200)
  }
})
