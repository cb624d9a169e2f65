/** Each setting does what its row of the table says. One without a proof fails the last test. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { answerTo, ask, story, until, useFolder } from '../../engine/test/engine/support.ts'
import { runKeys } from '../src/keys/command.ts'
import { readSettings, SettingError, settingRows } from '../src/settings.ts'
import { exchange, open, rest, send } from './raw.ts'
import { openServer, type TestServer, useServer } from './support.ts'

const folder = useFolder()
const path = '/v1/chat/completions'
/** Goes on for as long as it may: the token that ends an answer is out of the question. */
const endless = { ...ask(story), max_tokens: 30_000, logit_bias: { '0': -100, '1': -100, '2': -100 } }

/** Settings that other files prove. */
const elsewhere: Record<string, string> = {
  HEARTBEAT_MS: 'heartbeats.test.ts',
  IMAGE_HOSTS: 'openai-images.test.ts',
  MCP_CONFIG: 'mcp.test.ts',
  MCP_ROUNDS: 'mcp-settings.test.ts',
  MCP_TIMEOUT_MS: 'mcp-settings.test.ts',
  MLX_KEEP_ALIVE: 'keep-alive.test.ts',
  STALL_TIMEOUT_MS: 'faults.test.ts',
  STORED_RESPONSES: 'responses-store.test.ts',
  STORED_RESPONSE_BYTES: 'responses-store.test.ts',
  VOLATILE_LINES: 'volatile-lines.test.ts',
}
const proven = new Set<string>()

/** A test of what settings do. */
function prove(variables: string, proof: () => Promise<void>): void {
  for (const variable of variables.split(' ')) proven.add(variable)
  test(variables, proof)
}

/** Starts a server for one test, and ends it. */
async function withServer(environment: Record<string, string>, use: (server: TestServer) => Promise<void>) {
  const server = await openServer(environment)
  try {
    await use(server)
  } finally {
    await server.cut()
  }
}

async function codeOf(response: Response): Promise<unknown> {
  return [response.status, JSON.parse(await response.text()).error.code]
}

describe('the limits of a request', () => {
  const shared = useServer({
    MAX_BODY_BYTES: '5000',
    MAX_BODY_VALUES: '200',
    MAX_MESSAGES: '3',
    MAX_PARTS: '2',
    MAX_TOKENS: '30',
    DEFAULT_TOKENS: '4',
    TEMPLATE_OPTIONS: 'tone',
    SERVED_MODELS: 'nobody',
    LOG_LEVEL: 'info',
    LOG_PROMPTS: 'true',
  })
  const post = (body: unknown) => shared.server.post(path, body)
  const hello = ask('Say hello.')

  prove('MAX_BODY_BYTES', async () => {
    const body = (bytes: number) => `${JSON.stringify(hello).padEnd(bytes)}`
    const raw = (text: string) => shared.server.post(path, undefined, { body: text })
    expect((await raw(body(5000))).status).toBe(200)
    expect(await codeOf(await raw(body(5001)))).toEqual([413, 'body_too_large'])
    const { url } = shared.server
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
    // Refused for what is announced: not a byte of the body is there yet.
    const announced = await exchange(url, `${head}content-length: 5001\r\nconnection: close\r\n\r\n`)
    expect(announced).toMatch(/^HTTP\/1.1 413 /)
    const waiting = await exchange(url, `${head}content-length: 5001\r\nexpect: 100-continue\r\n\r\n`)
    expect(waiting).toMatch(/^HTTP\/1.1 413 /)
    const piece = `1000\r\n${' '.repeat(0x1000)}\r\n`
    const chunked = await exchange(url, `${head}transfer-encoding: chunked\r\n\r\n${piece}${piece}`)
    expect(chunked).toMatch(/^HTTP\/1.1 413 /)
    const small = `${head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n`
    const text = JSON.stringify(hello)
    const fine = await exchange(url, `${small}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`)
    expect(fine).toMatch(/^HTTP\/1.1 200 /)
  })

  test('a client that expects "100 Continue" gets it', async () => {
    const text = JSON.stringify(hello)
    const socket = await open(shared.server.url)
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `expect: 100-continue\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n`,
    )
    const [word] = await once(socket, 'data')
    expect(String(word)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(text)
    expect(await rest(socket)).toMatch(/^HTTP\/1.1 200 /)
  })

  prove('MAX_BODY_VALUES', async () => {
    expect((await post({ ...hello, user: [], x: Array.from({ length: 190 }, () => 1) })).status).toBe(200)
    const many = await post({ ...hello, x: Array.from({ length: 200 }, () => 1) })
    expect(await codeOf(many)).toEqual([413, 'body_too_large'])
  })

  prove('MAX_MESSAGES', async () => {
    const messages = (count: number) => ({ messages: Array.from({ length: count }, () => hello.messages[0]) })
    expect((await post(messages(3))).status).toBe(200)
    expect(await codeOf(await post(messages(4)))).toEqual([400, 'invalid_value'])
  })

  prove('MAX_PARTS', async () => {
    const parts = (count: number) => ({
      messages: [
        { role: 'user', content: Array.from({ length: count }, () => ({ type: 'text', text: 'a' })) },
      ],
    })
    expect((await post(parts(2))).status).toBe(200)
    expect(await codeOf(await post(parts(3)))).toEqual([400, 'invalid_value'])
  })

  prove('MAX_TOKENS DEFAULT_TOKENS', async () => {
    const tokens = async (body: unknown) =>
      JSON.parse(await (await post(body)).text()).usage.completion_tokens
    expect(await tokens(ask(story))).toBe(4)
    expect(await tokens({ ...ask(story), max_tokens: 30 })).toBe(30)
    expect(await codeOf(await post({ ...hello, max_tokens: 31 }))).toEqual([400, 'invalid_value'])
  })

  prove('TEMPLATE_OPTIONS', async () => {
    const options = (name: string) => post({ ...hello, chat_template_kwargs: { [name]: 'calm' } })
    expect((await options('tone')).status).toBe(200)
    expect(await codeOf(await options('enable_thinking'))).toEqual([400, 'invalid_value'])
  })

  prove('SERVED_MODELS', async () => {
    expect((await post({ ...hello, model: 'hello' })).status).toBe(200)
    const other = await post({ ...hello, model: 'nobody' })
    expect(await codeOf(other)).toEqual([404, 'model_not_found'])
  })

  prove('LOG_LEVEL LOG_PROMPTS', async () => {
    const { logLines } = shared.server
    await (await post(hello)).text()
    const has = (text: string) => logLines.some((line) => line.includes(text))
    await until(async () => has('Say hello.'))
    await withServer({ LOG_LEVEL: 'warn' }, async (server) => {
      await (await server.post(path, hello)).text()
      await server.close()
      expect(server.logLines).toEqual([])
    })
    await withServer({ LOG_LEVEL: 'info' }, async (server) => {
      await (await server.post(path, hello)).text()
      await server.close()
      expect(server.logLines.join('\n')).toContain('"msg":"request"')
      expect(server.logLines.join('\n')).not.toContain('Say hello.')
    })
  })
})

describe('concurrency', () => {
  prove('STREAMS_PER_KEY', () =>
    withServer({ STREAMS_PER_KEY: '2' }, async (server) => {
      const client = new AbortController()
      const run = () => server.post(path, { ...endless, stream: true }, { signal: client.signal })
      const running = [await run(), await run()]
      expect(running.map(({ status }) => status)).toEqual([200, 200])
      const refused = await server.post(path, ask('Say hello.'))
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await codeOf(refused)).toEqual([429, 'too_many_requests'])
      client.abort()
      await until(async () => server.services.generations.active === 0)
      expect((await server.post(path, ask('Say hello.'))).status).toBe(200)
    }),
  )

  prove('QUEUE_LIMIT', () =>
    withServer({ QUEUE_LIMIT: '2', STREAMS_PER_KEY: '1000' }, async (server) => {
      const client = new AbortController()
      const asked = Array.from({ length: 80 }, () =>
        server.post(path, { ...endless, stream: true }, { signal: client.signal }),
      )
      // Those that got a place stream on; of the rest, two wait and the others are refused.
      const refused = await Promise.any(
        asked.map(async (answer) => {
          const response = await answer
          if (response.status === 200) throw new Error('It got a place.')
          return response
        }),
      )
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(await codeOf(refused)).toEqual([429, 'queue_full'])
      client.abort()
      await Promise.allSettled(asked)
    }),
  )

  prove('MAX_CONNECTIONS', () =>
    withServer({ MAX_CONNECTIONS: '2' }, async ({ url }) => {
      const sockets = [await open(url), await open(url)]
      expect(await rest(await open(url))).toBe('')
      for (const socket of sockets) socket.destroy()
    }),
  )
})

describe('timeouts', () => {
  const defaults = readSettings({})
  const elapsed = async (work: Promise<string>) => {
    const started = performance.now()
    const said = await work
    return { said, ms: performance.now() - started }
  }
  const timeout = /^HTTP\/1.1 408 Request Timeout\r\n[\s\S]*"code":"request_timeout"/

  prove('HEADERS_TIMEOUT_MS', () =>
    withServer({ HEADERS_TIMEOUT_MS: '300' }, async ({ url }) => {
      for (const text of ['', 'GET /health HTTP/1.1\r\nhost: loc']) {
        const { said, ms } = await elapsed(exchange(url, text))
        expect(said).toMatch(timeout)
        expect(ms).toBeGreaterThan(250)
        expect(ms).toBeLessThan(defaults.headersTimeoutMs)
      }
    }),
  )

  prove('BODY_TIMEOUT_MS', () =>
    withServer({ HEADERS_TIMEOUT_MS: '300', BODY_TIMEOUT_MS: '600' }, async (server) => {
      const half = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`
      const { said, ms } = await elapsed(exchange(server.url, half))
      expect(said).toMatch(timeout)
      expect(ms).toBeGreaterThan(550)
      expect(ms).toBeLessThan(defaults.bodyTimeoutMs)
      // An answer takes as long as it takes.
      const started = performance.now()
      const client = new AbortController()
      const response = await server.post(path, { ...endless, stream: true }, { signal: client.signal })
      const reader = response.body?.getReader()
      while (performance.now() - started < 1800) expect(await reader?.read()).toMatchObject({ done: false })
      client.abort()
    }),
  )

  prove('IDLE_TIMEOUT_MS', () =>
    withServer({ IDLE_TIMEOUT_MS: '300' }, async ({ url }) => {
      const { said, ms } = await elapsed(exchange(url, 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n'))
      expect(said).toMatch(/^HTTP\/1.1 200 [\s\S]*{"status":"ok"}$/)
      expect(ms).toBeGreaterThan(250)
      expect(ms).toBeLessThan(defaults.idleTimeoutMs)
    }),
  )

  prove('FIRST_TOKEN_TIMEOUT_MS', () =>
    withServer({ FIRST_TOKEN_TIMEOUT_MS: '1' }, async (server) => {
      // Seconds to read, with nothing of it in the cache.
      const long = 'Once upon a time there was a tiny model. '.repeat(1500)
      for (const stream of [false, true])
        expect(await codeOf(await server.post(path, { ...ask(long), stream }))).toEqual([504, 'timeout'])
    }),
  )

  prove('REQUEST_TIMEOUT_MS', () =>
    withServer({ REQUEST_TIMEOUT_MS: '500' }, async (server) => {
      expect(await codeOf(await server.post(path, endless))).toEqual([504, 'timeout'])
      const streamed = await (await server.post(path, { ...endless, stream: true })).text()
      expect(streamed).toContain('"code":"timeout"')
      expect(streamed).not.toContain('[DONE]')
    }),
  )

  prove('GRACE_MS', async () => {
    const server = await openServer({ GRACE_MS: '300' })
    const response = await server.post(path, { ...endless, stream: true })
    const text = response.text().catch(() => 'cut')
    const started = performance.now()
    await server.close()
    expect(performance.now() - started).toBeGreaterThan(250)
    expect(await text).not.toContain('[DONE]')
  })
})

describe('addresses, access, and the model', () => {
  prove('HOST PORT', async () => {
    let port = ''
    await withServer({ HOST: '::1' }, async ({ url }) => {
      expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
      port = new URL(url).port
    })
    await withServer({ HOST: 'localhost', PORT: port }, async ({ url }) =>
      expect(new URL(url).port).toBe(port),
    )
  })

  prove('ALLOWED_HOSTS ALLOWED_ORIGINS', () =>
    withServer(
      { ALLOWED_HOSTS: 'studio.local', ALLOWED_ORIGINS: 'https://app.example.org' },
      async ({ url }) => {
        const status = async (headers: Record<string, string>) =>
          (await send(url, { path: '/health', headers })).status
        expect(await status({ host: 'studio.local' })).toBe(200)
        expect(await status({ host: 'other.local' })).toBe(403)
        expect(await status({ origin: 'https://app.example.org' })).toBe(200)
        expect(await status({ origin: 'https://other.example.org' })).toBe(403)
      },
    ),
  )

  prove('KEYS_FILE ENGINE_URL ENGINE_SERVER ENGINE_MODEL ENGINE_API_KEY', async () => {
    const file = join(folder.path, 'keys.json')
    let key = ''
    await runKeys(['create', '--name', 'front'], file, {
      say: (text) => {
        key = text
      },
      note: () => undefined,
    })
    await withServer({ KEYS_FILE: file }, async (behind) => {
      const front = { ENGINE_URL: `${behind.url}/v1`, ENGINE_SERVER: 'compatible', ENGINE_MODEL: 'hello' }
      await withServer({ ...front, ENGINE_API_KEY: key }, async (server) => {
        const response = await server.post(path, ask('Say hello.'))
        expect(await response.text()).toContain(JSON.stringify(answerTo('Say hello.')))
        expect(behind.logLines.some((line) => line.includes('"caller":"front"'))).toBe(true)
        // OpenAI's API has no such field, a server like this one has.
        expect((await server.post(path, { ...ask('Say hello.'), top_k: 1 })).status).toBe(400)
      })
      // It is asked for the model of mlx.config.json.
      const known = { ...front, ENGINE_API_KEY: key, ENGINE_SERVER: 'create-mlx-app', ENGINE_MODEL: '' }
      await withServer(known, async (server) => {
        const response = await server.post(path, { ...ask('Say hello.'), top_k: 1 })
        expect(await response.text()).toContain(JSON.stringify(answerTo('Say hello.')))
      })
    })
  })
})

test('an invalid value is rejected with the name of its variable', () => {
  const refused = [
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['MAX_BODY_BYTES', '0'],
    ['MAX_BODY_BYTES', '1.5'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_PROMPTS', 'perhaps'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_ORIGINS', 'null'],
    ['ALLOWED_ORIGINS', 'https://app.example.org/'],
    ['ALLOWED_ORIGINS', 'app.example.org'],
  ] as const
  for (const [variable, value] of refused) {
    expect(() => readSettings({ [variable]: value })).toThrow(SettingError)
    expect(() => readSettings({ [variable]: value })).toThrow(new RegExp(`^${variable}: `))
  }
  expect(readSettings({ PORT: '' }).port).toBe(8000)
})

test('every setting has a test', () => {
  for (const [variable, file] of Object.entries(elsewhere)) {
    expect([variable, readFileSync(join(import.meta.dirname, file), 'utf8').includes(variable)]).toEqual([
      variable,
      true,
    ])
  }
  expect([...proven, ...Object.keys(elsewhere)].sort()).toEqual(
    settingRows.map(({ variable }) => variable).sort(),
  )
})
