import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { ask, useFolder } from '../../engine/test/engine/support.ts'
import { toolExample } from '../../engine/test/engine/tool-example.ts'
import { readSettings } from '../src/settings.ts'
import { openServer } from './support.ts'

const folder = useFolder()
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const program = join(import.meta.dirname, 'mcp-weather.ts')

/** The calls that a server with these settings makes for the question that needs one. */
async function callsWith(how: string, environment: Record<string, string>): Promise<unknown> {
  const file = join(folder.path, `${how}.json`)
  const weather = { command: process.execPath, args: ['--import', tsx, program, how] }
  writeFileSync(file, JSON.stringify({ mcpServers: { weather } }))
  const server = await openServer({ MCP_CONFIG: file, ...environment })
  try {
    const body = { ...ask(toolExample.question), mcp_servers: ['weather'] }
    const response = await server.post('/v1/chat/completions', body)
    expect(response.status).toBe(200)
    return JSON.parse(await response.text()).mcp_calls ?? []
  } finally {
    await server.cut()
  }
}

test('MCP_ROUNDS bounds the calls: with none, the model has to answer at once', async () => {
  expect(await callsWith('works', { MCP_ROUNDS: '1' })).toHaveLength(1)
  expect(await callsWith('works', { MCP_ROUNDS: '0' })).toEqual([])
})

test('MCP_TIMEOUT_MS bounds how long a call may take', async () => {
  const started = performance.now()
  const calls = await callsWith('hangs', { MCP_TIMEOUT_MS: '3000' })
  expect(calls).toMatchObject([{ is_error: true, result: 'The tool failed.' }])
  expect(performance.now() - started).toBeLessThan(readSettings({}).mcpTimeoutMs)
})
