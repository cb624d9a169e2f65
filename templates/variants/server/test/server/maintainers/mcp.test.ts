import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import type { GenerateOptions } from '#engine'
import { answerTo, useEngine } from '#testing/support'
import { toolExample } from '#testing/tool-example'
import type { McpServerConfig } from '../../../src/server/mcp/config.ts'
import { type RunChunk, withToolbox } from '../../../src/server/mcp/loop.ts'
import { McpServers } from '../../../src/server/mcp/toolbox.ts'

const shared = useEngine()
const { signal } = new AbortController()

/** The weather server; with a word it misbehaves. */
function weather(how = ''): McpServerConfig {
  const program = join(import.meta.dirname, 'mcp-weather.ts')
  return { command: process.execPath, args: ['--import', 'tsx', program, how], env: {} }
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
  for await (const chunk of withToolbox(generate, options, toolbox, rounds, signal)) chunks.push(chunk)
  return {
    asked,
    text: chunks.map(({ text }) => text).join(''),
    runs: chunks.flatMap(({ toolRuns = [] }) => toolRuns),
    last: chunks.at(-1),
  }
}

test('a call is run by its server, and its result is what the answer is made of', async () => {
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

test('without a call there is one round', async () => {
  const { text, asked } = await answer(open({ weather: weather() }), ['weather'], 8, 'Say hello.')
  expect([text, asked.length]).toEqual([answerTo('Say hello.'), 1])
})

test.each([
  ['fails', 20_000, /No station answers/],
  ['hangs', 500, /^The tool failed\.$/],
])('a tool that %s is told to the model, and the request goes on', async (how, timeoutMs, result) => {
  const servers = open({ weather: weather(how) }, timeoutMs)
  const { runs, last } = await answer(servers, ['weather'])
  expect(runs[0]).toMatchObject({ isError: true, result: expect.stringMatching(result) })
  expect(last?.finishReason).toBeDefined()
})

test('calls end after the rounds that are allowed: then the model has to answer', async () => {
  const { asked } = await answer(open({ weather: weather() }), ['weather'], 0)
  expect(asked.map(({ toolChoice }) => toolChoice)).toEqual(['none'])
})

test('tools of one name bear the names of their servers', async () => {
  const toolbox = await open({ here: weather(), there: weather() }).open(['here', 'there'], signal)
  expect(toolbox.tools.map(({ name }) => name)).toEqual(['here__get_weather', 'there__get_weather'])
})

test('a server that is not configured, and one that can not be started', async () => {
  const servers = open({ weather: weather(), gone: { command: 'no-such-program', args: [], env: {} } })
  await expect(servers.open(['other'], signal)).rejects.toMatchObject({
    status: 400,
    message: 'mcp_servers: there is no MCP server "other" here, but: weather, gone.',
  })
  await expect(servers.open(['gone'], signal)).rejects.toMatchObject({ status: 503 })
  expect(await servers.list()).toEqual([
    { name: 'weather', tools: [{ name: 'get_weather', description: 'The weather of a city, now.' }] },
    { name: 'gone', tools: [], error: 'It can not be reached.' },
  ])
})
