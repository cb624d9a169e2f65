/** Histories as agents send them, with chat templates that refuse or drop some of their messages, on all APIs. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { makeProject, useFolder } from '../../engine/test/engine/support.ts'
import type { CaseServer } from './api-case-runner.ts'
import { startPythonServer } from './python-server.ts'
import { useServer } from './support.ts'

const templates = join(import.meta.dirname, '../../engine/python/tests/templates')
const names = ['qwen3_5', 'gemma2', 'mistral_v3', 'llama3', 'deepseek']

/** Makes a copy of the hello model with each template in a project. */
function makeModels(project: string): void {
  makeProject(project, ['hello'])
  for (const name of names) {
    const model = join(project, 'models', name)
    cpSync(join(project, 'models/hello'), model, { recursive: true, dereference: true })
    writeFileSync(join(model, 'chat_template.jinja'), readFileSync(join(templates, `${name}.jinja`)))
  }
}

const folder = useFolder().path
makeModels(folder)

const call = {
  id: 'call_0123456789abcdef',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city": "Bern"}' },
}
const chat = [
  { role: 'assistant', content: 'How can I help?' },
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is the weather in Bern?' },
  { role: 'assistant', content: 'Let me see.', tool_calls: [call, { ...call, id: 'call_2' }] },
  { role: 'tool', tool_call_id: call.id, content: 'Sunny.' },
  { role: 'tool', tool_call_id: 'call_2', content: 'Warm.' },
  { role: 'user', content: 'Are you there?' },
  { role: 'user', content: 'Say hello.' },
  { role: 'developer', content: 'Tokens left: 100.' },
]
const answer = z.object({ usage: z.object({ prompt_tokens: z.int() }) })

describe.each([
  ['Node', async (): Promise<CaseServer> => ({ url: node.server.url, cut: async () => {} })],
  ['Python', (): Promise<CaseServer> => startPythonServer({ MODELS_DIRECTORY: join(folder, 'models') })],
])('the server of %s', (_name, start) => {
  let server: CaseServer
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.cut())

  test.each(names)('answers each chat with the template of %s', async (model) => {
    let before = 0
    for (let end = 1; end <= chat.length; end += 1) {
      const messages = chat.slice(0, end)
      const response = await post(server, '/v1/chat/completions', { model, messages, max_tokens: 2 })
      const text = await response.text()
      expect(response.status, text).toBe(200)
      // Each message is in the prompt.
      const { usage } = answer.parse(JSON.parse(text))
      expect(usage.prompt_tokens).toBeGreaterThan(before)
      before = usage.prompt_tokens
    }
  })
})

const node = useServer({}, { project: folder })

describe('the other APIs', () => {
  test.each(names)('take system turns in the middle with the template of %s', async (model) => {
    const turns = [
      { role: 'user', content: 'Say hello.' },
      { role: 'system', content: 'Be brief.' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Again.' },
      { role: 'system', content: [{ type: 'text', text: 'Tokens left: 100.' }] },
    ]
    const system = [{ type: 'text', text: 'You are an agent.' }]
    const input = turns.map(({ role, content }) => ({
      role,
      content: typeof content === 'string' ? content : 'Tokens left: 100.',
    }))
    const requests: [string, Record<string, unknown>][] = [
      ['/v1/messages', { model, system, messages: turns, max_tokens: 2 }],
      ['/v1/messages', { model, system, messages: turns, max_tokens: 2, stream: true }],
      ['/v1/messages/count_tokens', { model, system, messages: turns }],
      ['/v1/responses', { model, instructions: 'You are an agent.', input, max_output_tokens: 2 }],
    ]
    for (const [path, body] of requests) {
      const response = await post(node.server, path, body)
      const text = await response.text()
      expect(response.status, `${path}: ${text}`).toBe(200)
      expect(text).not.toContain('"error":{')
    }
  })

  test('the log says once what is fitted for a model', async () => {
    const said = node.server.logLines.filter((line) =>
      line.includes('fitted to the chat template of qwen3_5'),
    )
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('a system message after the start becomes part of the next user message')
  })
})

function post(server: CaseServer, path: string, body: unknown): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}
