import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { ask, useFolder } from '../../engine/test/engine/support.ts'
import { toolExample } from '../../engine/test/engine/tool-example.ts'
import { readSettings } from '../src/settings.ts'
import { openServer } from './support.ts'

const folder = useFolder()
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const program = join(import.meta.dirname, 'mcp-weather.ts')
const answerSchema = z.object({ mcp_calls: z.array(z.unknown()).optional() })

/** The calls that a server with these settings makes for the question that needs one, and how long the request took. */
async function callsWith(how: string, environment: Record<string, string>) {
  const file = join(folder.path, `${how}.json`)
  const weather = { command: process.execPath, args: ['--import', tsx, program, how] }
  writeFileSync(file, JSON.stringify({ mcpServers: { weather } }))
  const server = await openServer({ MCP_CONFIG: file, ...environment })
  try {
    const body = { ...ask(toolExample.question), mcp_servers: ['weather'] }
    const started = performance.now()
    const response = await server.post('/v1/chat/completions', body)
    expect(response.status).toBe(200)
    const { mcp_calls: calls = [] } = answerSchema.parse(await response.json())
    return { calls, ms: performance.now() - started }
  } finally {
    await server.cut()
  }
}

test('MCP_ROUNDS limits the calls: with 0, the model must answer at once', async () => {
  expect((await callsWith('works', { MCP_ROUNDS: '1' })).calls).toHaveLength(1)
  expect((await callsWith('works', { MCP_ROUNDS: '0' })).calls).toEqual([])
})

test('MCP_TIMEOUT_MS limits the duration of a call', async () => {
  const { calls, ms } = await callsWith('hangs', { MCP_TIMEOUT_MS: '3000' })
  expect(calls).toMatchObject([{ is_error: true, result: 'The tool failed.' }])
  expect(ms).toBeLessThan(readSettings({}).mcpTimeoutMs)
})
