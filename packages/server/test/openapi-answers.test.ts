/** What the server answers is what /openapi.json says: each field that comes is described. */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createApp } from '../src/app.ts'
import { examples } from '../src/openapi/examples.ts'
import { anthropicErrorSchema, openaiErrorSchema } from '../src/openapi/responses.ts'
import { useServer } from './support.ts'

const shared = useServer()

/** The schema of an operation's answer with status 200; undefined where it has none of that type. */
function schemaOf(operation: string, type: string): z.ZodType | undefined {
  const { openAPIRegistry } = createApp(shared.server.services)
  for (const definition of openAPIRegistry.definitions) {
    if (definition.type !== 'route' || definition.route.operationId !== operation) continue
    const answer = definition.route.responses[200]
    if (answer === undefined || '$ref' in answer) return undefined
    const media = answer.content?.[type]
    const schema = media !== undefined && 'schema' in media ? media.schema : undefined
    return schema instanceof z.ZodType ? schema : undefined
  }
  throw new Error(`There is no operation ${operation}.`)
}

/** Fields that the schema does not know are left out by reading: then the two differ. */
function expectDescribed(schema: z.ZodType | undefined, value: unknown): void {
  expect(schema?.parse(value)).toEqual(value)
}

const paths = {
  createChatCompletion: '/v1/chat/completions',
  createCompletion: '/v1/completions',
  createResponse: '/v1/responses',
  createMessage: '/v1/messages',
} as const

const operations = z.enum(['createChatCompletion', 'createCompletion', 'createResponse', 'createMessage'])

describe.each(operations.options)('%s', (operation) => {
  const body = z.record(z.string(), z.unknown()).parse(examples[operation])

  test('answers as documented', async () => {
    const response = await shared.server.post(paths[operation], body)
    expectDescribed(schemaOf(operation, 'application/json'), await response.json())
  })

  test('streams as documented', async () => {
    const response = await shared.server.post(paths[operation], { ...body, stream: true })
    const schema = schemaOf(operation, 'text/event-stream')
    const events = response.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
    let count = 0
    for await (const { data } of events ?? []) {
      if (data !== '[DONE]') expectDescribed(schema, JSON.parse(data))
      count += 1
    }
    expect(count).toBeGreaterThanOrEqual(3)
  })

  test('rejects as documented', async () => {
    const response = await shared.server.post(paths[operation], { ...body, temperature: 'hot' })
    expect(response.status).toBe(400)
    const schema = operation === 'createMessage' ? anthropicErrorSchema : openaiErrorSchema
    expectDescribed(schema, await response.json())
  })
})

test.each([
  ['countMessageTokens', '/v1/messages/count_tokens'],
  ['listModels', '/v1/models'],
  ['getModel', '/v1/models/hello'],
  ['getStatus', '/api/status'],
  ['getHealth', '/health'],
  ['getReady', '/ready'],
  ['listMcpServers', '/api/mcp'],
])('%s answers as documented', async (operation, path) => {
  const body = examples[operation]
  const response = await (body === undefined
    ? fetch(shared.server.url + path)
    : shared.server.post(path, body))
  expect(response.status).toBe(200)
  expectDescribed(schemaOf(operation, 'application/json'), await response.json())
})
