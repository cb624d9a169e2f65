import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { HttpTransport } from '../src/transport/http-transport.ts'

let close: (() => void) | undefined
afterEach(() => close?.())

/** A transport to a server that answers as given. */
async function transportTo(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    answer(request, response, body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  const keys = new Map<string, string>()
  return new HttpTransport(`http://127.0.0.1:${address.port}/`, {
    getItem: (name) => keys.get(name) ?? null,
    setItem: (name, value) => keys.set(name, value),
  })
}

const ignore = () => undefined
const { signal } = new AbortController()

test('an error response has a message, a status and the seconds to wait', async () => {
  const transport = await transportTo((_request, response) => {
    response.writeHead(429, { 'retry-after': '3' })
    response.end('{"error":{"message":"Too many requests wait."}}')
  })
  await expect(transport.load('hello', ignore, signal)).rejects.toMatchObject({
    message: 'Too many requests wait.',
    status: 429,
    retryAfterSeconds: 3,
  })
})

test('an error response that is not JSON still has a message', async () => {
  const transport = await transportTo((_request, response) => void response.writeHead(502).end('<html>'))
  await expect(transport.models()).rejects.toMatchObject({
    message: 'The server responded with status 502.',
    status: 502,
    retryAfterSeconds: undefined,
  })
})

test('an unreachable server is recognised', async () => {
  const transport = new HttpTransport('http://127.0.0.1:1/', { getItem: () => null, setItem: ignore })
  await expect(transport.status()).rejects.toMatchObject({
    message: 'The server cannot be reached.',
    status: 0,
  })
})

test('the key is sent once there is one', async () => {
  const seen: unknown[] = []
  const transport = await transportTo((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{"state":"ready","model":"hello","needs_key":true}')
  })
  expect(await transport.status()).toMatchObject({ state: 'ready', model: 'hello' })
  transport.giveKey('secret')
  await transport.status()
  expect(seen).toEqual([undefined, 'Bearer secret'])
})

test('a load reports its progress, and fails with the server’s message', async () => {
  const transport = await transportTo((request, response, body) => {
    expect(request.url).toBe('/api/load')
    response.write('event: progress\ndata: {"stage":"download","loaded_bytes":1,"total_bytes":4}\n\n')
    if (body.includes('good')) response.end('event: loaded\ndata: {"model":"good"}\n\n')
    else if (body.includes('bad'))
      response.end('event: error\ndata: {"error":{"message":"No such model."}}\n\n')
    else response.end()
  })
  const progress: unknown[] = []
  await transport.load('good', (step) => progress.push(step), signal)
  expect(progress).toEqual([{ stage: 'download', loadedBytes: 1, totalBytes: 4 }])
  await expect(transport.load('bad', ignore, signal)).rejects.toThrow('No such model.')
  await expect(transport.load('cut', ignore, signal)).rejects.toThrow('before cut was loaded')
})

test('MCP servers are listed with their tools and problems', async () => {
  const transport = await transportTo((request, response) => {
    expect(request.url).toBe('/api/mcp')
    const weather = { name: 'weather', tools: [{ name: 'get_weather', description: 'The weather.' }] }
    const gone = { name: 'gone', tools: [], error: 'The server cannot be reached.' }
    response.end(JSON.stringify({ servers: [weather, gone] }))
  })
  expect(await transport.mcpServers()).toEqual([
    { name: 'weather', tools: [{ name: 'get_weather', description: 'The weather.' }] },
    { name: 'gone', tools: [], problem: 'The server cannot be reached.' },
  ])
})

test('a server without MCP support has no MCP servers, and a failing one reports an error', async () => {
  let status = 404
  const transport = await transportTo((_request, response) => void response.writeHead(status).end())
  expect(await transport.mcpServers()).toEqual([])
  status = 500
  await expect(transport.mcpServers()).rejects.toThrow('The server responded with status 500.')
})

test.each([
  [undefined, undefined],
  [[], undefined],
  [['weather'], ['weather']],
])('a chat names the MCP servers that were chosen: %j', async (mcpServers, sent) => {
  let body: unknown
  const transport = await transportTo((_request, response, text) => {
    body = JSON.parse(text)
    response.end('data: [DONE]\n\n')
  })
  const messages = [{ role: 'user', text: 'Hi' }] as const
  for await (const event of transport.chat({ messages, mcpServers }, signal)) expect(event.type).toBe('end')
  expect(body).toHaveProperty('stream', true)
  if (sent === undefined) expect(body).not.toHaveProperty('mcp_servers')
  else expect(body).toHaveProperty('mcp_servers', sent)
})

test('a chat sends OpenAI’s fields, and cancelling it ends the request', async () => {
  let sent: unknown
  let left: (() => void) | undefined
  const gone = new Promise<void>((resolve) => {
    left = resolve
  })
  const transport = await transportTo((_request, response, body) => {
    sent = JSON.parse(body)
    response.on('close', () => left?.())
    response.write('data: {"choices":[{"delta":{"content":"one"}}]}\n\n')
  })
  const image = 'data:image/jpeg;base64,AAAA'
  const messages = [{ role: 'user', text: 'What is it?', images: [image] }] as const
  for await (const event of transport.chat(
    { model: 'hello', messages, topP: 0.5, maxTokens: 9, seed: 1 },
    signal,
  )) {
    expect(event).toEqual({ type: 'text', text: 'one' })
    break
  }
  await gone
  expect(sent).toEqual({
    model: 'hello',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: image } },
          { type: 'text', text: 'What is it?' },
        ],
      },
    ],
    top_p: 0.5,
    max_completion_tokens: 9,
    seed: 1,
    stream: true,
    stream_options: { include_usage: true },
    return_progress: true,
  })
})
