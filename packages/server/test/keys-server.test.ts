import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { answerTo, ask, useFolder } from '../../engine/test/engine/support.ts'
import { runKeys } from '../src/keys/command.ts'
import { keysCommand } from '../src/program-commands.ts'
import { type RawRequest, send } from './raw.ts'
import { serverProgram } from './server-program.ts'
import { openServer, useServer } from './support.ts'

const folder = useFolder()
const path = join(folder.path, 'keys.json')
const shared = useServer({ KEYS_FILE: path, ALLOWED_ORIGINS: 'https://app.example.org' })

async function create(name: string, file = path): Promise<string> {
  let key = ''
  const say = (text: string) => {
    key = text
  }
  expect(await runKeys(['create', '--name', name], file, { say, note: () => undefined })).toBe(0)
  return key
}

async function revoke(name: string, file = path): Promise<void> {
  const quiet = { say: () => undefined, note: () => undefined }
  expect(await runKeys(['revoke', '--name', name], file, quiet)).toBe(0)
}

/** The status of a question with these headers. */
async function status(headers: Record<string, string> = {}, server = shared.server): Promise<number> {
  const response = await server.post('/v1/chat/completions', ask('Say hello.'), { headers })
  await response.text()
  return response.status
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

// The tests of this block change one file, one after the other.
describe('keys are created and revoked while the server runs', () => {
  const made = new Map<string, string>()
  const key = (name: string) => made.get(name) ?? ''

  test('without a key, everyone on this machine is answered', async () => {
    expect(await status()).toBe(200)
  })

  test('with a key, one is required, in the header of either kind of client', async () => {
    made.set('laptop', await create('laptop'))
    made.set('phone', await create('phone'))
    expect(await status()).toBe(401)
    expect(await status(bearer(key('laptop')))).toBe(200)
    expect(await status({ authorization: `bearer ${key('phone')}` })).toBe(200)
    expect(await status({ 'x-api-key': key('phone') })).toBe(200)
    expect(await status({ ...bearer('sk-of-somebody-else'), 'x-api-key': key('phone') })).toBe(200)
    const wrong = [
      bearer('mlx-'),
      bearer(key('laptop').slice(0, -1)),
      bearer(`${key('laptop')}x`),
      bearer(key('laptop').toLowerCase()),
      { authorization: key('laptop') },
      { authorization: `Basic ${key('laptop')}` },
      { 'x-api-key': '' },
      { 'api-key': key('laptop') },
    ]
    for (const headers of wrong) expect([headers, await status(headers)]).toEqual([headers, 401])
  })

  test('the log names the key, and never shows it', async () => {
    const { logLines } = shared.server
    expect(logLines.filter((line) => line.includes('"caller":"phone"')).length).toBeGreaterThan(0)
    expect(logLines.join('\n')).not.toContain(key('phone').slice(4))
  })

  test('the error has the format of the API that is called', async () => {
    const { url } = shared.server
    const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    const openai = await send(url, { path: '/v1/chat/completions', ...asked })
    const message = 'A valid API key is required. Send it as "Authorization: Bearer KEY" or "x-api-key: KEY".'
    expect([openai.status, openai.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(JSON.parse(openai.text)).toEqual({
      error: { message, type: 'authentication_error', param: null, code: 'invalid_api_key' },
    })
    const anthropic = await send(url, { path: '/v1/messages', ...asked })
    expect([anthropic.status, anthropic.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(JSON.parse(anthropic.text)).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error', message },
      request_id: expect.stringMatching(/^req_/),
    })
  })

  test('paths for load balancers and the page are public, and no others', async () => {
    const without = (request: RawRequest) => send(shared.server.url, request).then(({ status }) => status)
    for (const open of ['/health', '/ready']) expect(await without({ path: open })).toBe(200)
    // The page may not be built here.
    for (const open of ['/', '/api/status', '/assets/x.js'])
      expect([200, 404, 503]).toContain(await without({ path: open }))
    const closed = [
      '/v1/models',
      '/metrics',
      '/nowhere',
      '/health/x',
      '//health',
      '/assets',
      '/HEALTH',
      '/health%2f',
    ]
    for (const path of closed) expect([path, await without({ path })]).toEqual([path, 401])
    expect(await without({ path: '/assets/../v1/models' })).toBe(401)
    expect(await without({ method: 'POST', path: '/health' })).toBe(401)
    expect(await without({ method: 'POST', path: '/api/load' })).toBe(401)
  })

  test('host names do not matter with keys, but origins still need to be allowed', async () => {
    const { url } = shared.server
    const question = (headers: Record<string, string>) =>
      send(url, {
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { 'content-type': 'application/json', ...bearer(key('laptop')), ...headers },
        body: JSON.stringify(ask('Say hello.')),
      })
    expect((await question({ host: 'models.example.org' })).status).toBe(200)
    const foreign = await question({ origin: 'https://evil.example' })
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin')
    const own = await question({ origin: 'https://app.example.org' })
    expect(own.headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example.org' })
    const preflight = (origin: string) =>
      send(url, {
        method: 'OPTIONS',
        path: '/v1/chat/completions',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    expect((await preflight('https://app.example.org')).status).toBe(204)
    expect((await preflight('https://evil.example')).status).toBe(403)
    // A page that was not asked for reads that its key is wrong.
    const refused = await send(url, { path: '/v1/models', headers: { origin: 'https://app.example.org' } })
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([
      401,
      'https://app.example.org',
    ])
  })

  test('a revoked key is rejected from the next request on', async () => {
    await revoke('phone')
    expect(await status({ 'x-api-key': key('phone') })).toBe(401)
    expect(await status(bearer(key('laptop')))).toBe(200)
  })

  test('if the last key is revoked, or the file is broken or deleted, all requests are rejected', async () => {
    await revoke('laptop')
    expect([await status(), await status(bearer(key('laptop')))]).toEqual([401, 401])
    writeFileSync(path, '{"keys": [')
    expect([await status(), await status(bearer(key('laptop')))]).toEqual([500, 500])
    expect(shared.server.logLines.some((line) => line.includes(`Invalid keys file: ${path}`))).toBe(true)
    const { text } = await send(shared.server.url, { path: '/v1/models' })
    expect(text).not.toContain(folder.path)
    expect((await fetch(`${shared.server.url}/health`)).status).toBe(200)
    rmSync(path)
    expect([await status(), await status(bearer(key('laptop')))]).toEqual([401, 401])
    const desk = await create('desk')
    expect([await status(), await status(bearer(desk))]).toEqual([401, 200])
  })
})

test('a file that was broken before the server had a key rejects everyone', async () => {
  const file = join(folder.path, 'late.json')
  const server = await openServer({ KEYS_FILE: file })
  try {
    expect(await status({}, server)).toBe(200)
    writeFileSync(file, 'no JSON')
    expect(await status({}, server)).toBe(500)
  } finally {
    await server.cut()
  }
})

describe('a public address', () => {
  const start = (environment: Record<string, string>) =>
    promisify(execFile)(process.execPath, serverProgram, {
      env: { ...process.env, PORT: '0', ...environment },
    })

  test.each(['0.0.0.0', '::', '192.0.2.1', 'studio.local'])('%s is rejected without a key', async (HOST) => {
    await expect(start({ HOST, KEYS_FILE: join(folder.path, 'none.json') })).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(`^Other machines can reach HOST=${HOST}, [\\s\\S]*${keysCommand('create --name laptop')}`),
      ),
    })
  })

  test('a broken keys file, or one without keys, is rejected too', async () => {
    const file = join(folder.path, 'broken.json')
    writeFileSync(file, '[]')
    await expect(start({ KEYS_FILE: file })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Invalid keys file: /),
    })
    writeFileSync(file, '{"keys": []}')
    await expect(start({ HOST: '0.0.0.0', KEYS_FILE: file })).rejects.toMatchObject({ code: 1 })
  })

  test('it is served with a key, and revoking it does not open the server', async () => {
    const file = join(folder.path, 'reached.json')
    const key = await create('laptop', file)
    const listening = await openServer({ HOST: '0.0.0.0', KEYS_FILE: file })
    const server = { ...listening, url: listening.url.replace('0.0.0.0', '127.0.0.1') }
    const ask = (headers: Record<string, string>) =>
      send(server.url, { path: '/v1/nowhere', headers }).then(({ status }) => status)
    try {
      expect([await ask({}), await ask(bearer(key))]).toEqual([401, 404])
      await revoke('laptop', file)
      expect([await ask({}), await ask(bearer(key))]).toEqual([401, 401])
    } finally {
      await server.cut()
    }
  })

  test('loopback names need no key', async () => {
    for (const HOST of ['localhost', '::1']) {
      const server = await openServer({ HOST })
      expect(await send(server.url, { path: '/health' })).toMatchObject({ status: 200 })
      await server.cut()
    }
  })
})

test('only the owner of a key gets its results', async () => {
  const file = join(folder.path, 'two.json')
  const [laptop, phone] = [await create('laptop', file), await create('phone', file)]
  const server = await openServer({ KEYS_FILE: file, STREAMS_PER_KEY: '1' })
  try {
    const long = { ...ask('Tell me a story.'), stream: true }
    const first = await server.post('/v1/chat/completions', long, { headers: bearer(laptop) })
    expect(first.status).toBe(200)
    expect(await status(bearer(phone), server)).toBe(200)
    expect(await first.text()).toContain('[DONE]')
    const answer = await server.post('/v1/chat/completions', ask('Say hello.'), { headers: bearer(laptop) })
    expect(await answer.text()).toContain(answerTo('Say hello.'))
  } finally {
    await server.cut()
  }
})
