/** `mlx-app-server agent` with a server that takes long to load its model, or can't. A stand-in can hold each step. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { makeProject, useFolder, writeScript } from '../../engine/test/engine/support.ts'
import { serverProgram } from './server-program.ts'

const folder = useFolder()
const project = makeProject(join(folder.path, 'project'))
const programs = join(folder.path, 'programs')
const opened = join(folder.path, 'opened')
mkdirSync(programs)
writeScript(join(programs, 'codex'), `: > '${opened}'`)

let close: (() => void) | undefined
afterEach(() => close?.())

/** Starts an agent with a server whose model is not in memory, and that answers the first request as given. */
async function startAgent(answer: (response: ServerResponse) => void) {
  const models = { data: [{ id: 'big', owned_by: 'this-server', context_tokens: null }] }
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/v1/models') response.end(JSON.stringify(models))
    else answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  const child = spawn(process.execPath, [...serverProgram, 'agent', 'codex'], {
    cwd: project,
    env: {
      ...process.env,
      PATH: [programs, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
      PORT: `${address.port}`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stderr = text(child.stderr)
  const ended = once(child, 'exit').then(async ([code]) => ({ code, stderr: await stderr }))
  return { child, ended, url: `http://127.0.0.1:${address.port}` }
}

test('Ctrl-C ends the wait for the model, and the agent is not started', async () => {
  let isLoading: (response: ServerResponse) => void = () => undefined
  const loading = new Promise<ServerResponse>((resolve) => {
    isLoading = resolve
  })
  const { child, ended } = await startAgent((response) => isLoading(response))
  const response = await loading
  const left = once(response, 'close')
  child.kill('SIGINT')
  expect(await ended).toEqual({ code: 130, stderr: '' })
  await left
  expect(existsSync(opened)).toBe(false)
})

const failed = JSON.stringify({ error: { message: 'There is not enough memory.' } })

test.each<[string, (response: ServerResponse) => void, string]>([
  [
    'a status',
    (response) => void response.writeHead(503).end(failed),
    'could not load big: There is not enough memory.',
  ],
  [
    'an event',
    (response) => void response.end(`: heartbeat\n\ndata: ${failed}\n\n`),
    'could not load big: There is not enough memory.',
  ],
  [
    'a page of a proxy',
    (response) => void response.writeHead(502).end('<html>'),
    'could not load big: it answered with status 502.',
  ],
  [
    'the end of the connection',
    (response) => void response.destroy(),
    'stopped answering while it loaded big.',
  ],
])('a load that fails with %s is explained', async (_, answer, message) => {
  const { ended, url } = await startAgent(answer)
  const { code, stderr } = await ended
  expect(code).toBe(1)
  expect(stderr).toContain(`The server at ${url} ${message}`)
  expect(stderr).not.toContain('    at ')
  expect(existsSync(opened)).toBe(false)
})

test('a load that succeeds starts the agent', async () => {
  const { ended } = await startAgent(
    (response) => void response.end('data: {"choices":[]}\n\ndata: [DONE]\n\n'),
  )
  expect((await ended).code).toBe(0)
  expect(existsSync(opened)).toBe(true)
})
