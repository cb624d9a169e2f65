import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { GenerateOptions } from 'mlx-app'
import { pino } from 'pino'
import { afterAll, describe, expect, test } from 'vitest'
import { answerTo, useEngine, useFolder } from '../../engine/test/engine/support.ts'
import { toolExample } from '../../engine/test/engine/tool-example.ts'
import type { McpServerConfig } from '../src/mcp/config.ts'
import { type RunChunk, runToolLoop } from '../src/mcp/tool-loop.ts'
import { McpServers } from '../src/mcp/toolbox.ts'
import { openServer, useServer } from './support.ts'

const shared = useEngine()
const { signal } = new AbortController()

/** By its path: programs are started in the folder of the file that names them. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** The weather server; with a word it misbehaves. */
function weather(how = ''): McpServerConfig {
  const program = join(import.meta.dirname, 'mcp-weather.ts')
  return { command: process.execPath, args: ['--import', tsx, program, how], env: {} }
}

const opened: McpServers[] = []
afterAll(async () => {
  await Promise.all(opened.map((servers) => servers.close()))
})

function open(configs: Record<string, McpServerConfig>, timeoutMs = 20_000): McpServers {
  const config = { servers: new Map(Object.entries(configs)), directory: import.meta.dirname }
  const servers = new McpServers(config, timeoutMs, pino({ level: 'silent' }))
  opened.push(servers)
  return servers
}

async function answer(servers: McpServers, names: string[], rounds = 8, question = toolExample.question) {
  const toolbox = await servers.open(names, signal)
  const asked: GenerateOptions[] = []
  const generate = (options: GenerateOptions) => {
    asked.push(options)
    return shared.engine.generate(options)
  }
  const chunks: RunChunk[] = []
  const options = { messages: [{ role: 'user' as const, content: question }] }
  for await (const chunk of runToolLoop(generate, options, toolbox, rounds, signal)) chunks.push(chunk)
  return {
    asked,
    text: chunks.map(({ text }) => text).join(''),
    runs: chunks.flatMap(({ toolRuns = [] }) => toolRuns),
    last: chunks.at(-1),
  }
}

test('a call runs on its server, and the answer uses its result', async () => {
  const { text, runs, last, asked } = await answer(open({ weather: weather() }), ['weather'])
  expect(runs).toEqual([
    expect.objectContaining({
      server: 'weather',
      name: 'get_weather',
      arguments: { city: 'Bern' },
      result: '{"sky": "sunny", "celsius": 21}',
      isError: false,
    }),
  ])
  expect(text).toBe('It is sunny in Bern, with 21 degrees.')
  expect(last?.finishReason).toBe('stop')
  expect(asked).toHaveLength(2)
  // The tokens of both rounds: the call itself is longer than the answer.
  expect(last?.usage?.completionTokens).toBeGreaterThan(20)
})

test('without a call, there is one round', async () => {
  const { text, asked } = await answer(open({ weather: weather() }), ['weather'], 8, 'Say hello.')
  expect([text, asked.length]).toEqual([answerTo('Say hello.'), 1])
})

test.each([
  ['fails', 20_000, /No station answers/],
  ['hangs', 500, /^The tool failed\.$/],
])('a tool that %s is reported to the model, and the request continues', async (how, timeoutMs, result) => {
  const servers = open({ weather: weather(how) }, timeoutMs)
  const { runs, last } = await answer(servers, ['weather'])
  expect(runs[0]).toMatchObject({ isError: true, result: expect.stringMatching(result) })
  expect(last?.finishReason).toBeDefined()
})

test('after the last round, the model must answer without a call', async () => {
  const { asked } = await answer(open({ weather: weather() }), ['weather'], 0)
  expect(asked.map(({ toolChoice }) => toolChoice)).toEqual(['none'])
})

test('tools with the same name are prefixed with the names of their servers', async () => {
  const toolbox = await open({ here: weather(), there: weather() }).open(['here', 'there'], signal)
  expect(toolbox.tools.map(({ name }) => name)).toEqual(['here__get_weather', 'there__get_weather'])
})

test('a server that is not configured, and one that cannot be started', async () => {
  const servers = open({ weather: weather(), gone: { command: 'no-such-program', args: [], env: {} } })
  await expect(servers.open(['other'], signal)).rejects.toMatchObject({
    status: 400,
    message: 'mcp_servers: there is no MCP server "other". Available servers: weather, gone.',
  })
  await expect(servers.open(['gone'], signal)).rejects.toMatchObject({ status: 503 })
  expect(await servers.list()).toEqual([
    { name: 'weather', tools: [{ name: 'get_weather', description: 'The weather of a city, now.' }] },
    { name: 'gone', tools: [], error: 'The server cannot be reached.' },
  ])
})

describe('over HTTP', () => {
  const folder = useFolder()
  const file = join(folder.path, 'mcp.json')
  writeFileSync(file, JSON.stringify({ mcpServers: { weather: weather() } }))
  const over = useServer({ MCP_CONFIG: file })
  const body = {
    messages: [{ role: 'user', content: toolExample.question }],
    mcp_servers: ['weather'],
  }
  const call = {
    id: expect.any(String),
    server: 'weather',
    name: 'get_weather',
    arguments: { city: 'Bern' },
    result: '{"sky": "sunny", "celsius": 21}',
    is_error: false,
  }

  test('the servers are listed', async () => {
    const response = await fetch(`${over.server.url}/api/mcp`)
    expect(await response.json()).toEqual({
      servers: [
        { name: 'weather', tools: [{ name: 'get_weather', description: 'The weather of a city, now.' }] },
      ],
    })
  })

  test('a complete answer lists the calls', async () => {
    const response = await over.server.post('/v1/chat/completions', body)
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: 'It is sunny in Bern, with 21 degrees.' }, finish_reason: 'stop' }],
      mcp_calls: [call],
    })
  })

  test('a stream reports each call when it has run', async () => {
    const response = await over.server.post('/v1/chat/completions', { ...body, stream: true })
    const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'))
    const chunks = events.map((event) => JSON.parse(event.slice('data: '.length)))
    const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('')
    expect(text).toBe('It is sunny in Bern, with 21 degrees.')
    expect(chunks.flatMap((chunk) => chunk.mcp_calls ?? [])).toEqual([call])
    expect(chunks.filter((chunk) => chunk.choices[0].finish_reason !== null)).toHaveLength(1)
  })

  test.each([
    [{ mcp_servers: ['other'] }, /there is no MCP server "other"/],
    [
      { tools: toolExample.tools.map((tool) => ({ type: 'function', function: tool })) },
      /cannot be combined with tools/,
    ],
    [{ n: 2 }, /n must be 1/],
  ])('%j is rejected together with MCP servers', async (more, message) => {
    const response = await over.server.post('/v1/chat/completions', { ...body, ...more })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { param: 'mcp_servers', message: expect.stringMatching(message) },
    })
  })
})

test('a server without MCP servers says so', async () => {
  const server = await openServer()
  try {
    const messages = [{ role: 'user', content: 'Say hello.' }]
    const response = await server.post('/v1/chat/completions', { messages, mcp_servers: ['weather'] })
    expect(await response.json()).toMatchObject({
      error: { message: 'mcp_servers: this server has no MCP servers. Set MCP_CONFIG to add some.' },
    })
    expect(await (await fetch(`${server.url}/api/mcp`)).json()).toEqual({ servers: [] })
  } finally {
    await server.cut()
  }
})
