import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  answerTo,
  isRunning,
  makeEndlessModel,
  makeProject,
  story,
  until,
  useFolder,
} from '../../engine/test/engine/support.ts'
import { type Program, runServer } from './program.ts'
import { open, rest } from './raw.ts'
import { workerOf } from './server-program.ts'
import { beginning, chat, endless } from './streams.ts'

const folder = makeProject(join(useFolder().path, 'project'))

/** A server that is ready, and its worker. */
async function readyServer(environment: NodeJS.ProcessEnv = {}) {
  const program = runServer(folder, environment)
  const url = await program.url
  await until(async () => (await fetch(`${url}/ready`)).ok)
  const worker = workerOf(program)
  if (worker === undefined) throw new Error('There is no worker.')
  return { program, url, worker }
}

/** A stream, once it has begun. */
async function begin(url: string, options: Record<string, unknown> = {}, signal?: AbortSignal) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    signal: signal ?? null,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat(story, { ...options, stream: true })),
    ...(signal && { signal }),
  })
  return beginning(response)
}

/** Resolves once the server takes no new connection. */
async function untilClosed(url: string): Promise<void> {
  await until(async () => {
    const socket = await open(url).catch(() => undefined)
    socket?.destroy()
    return socket === undefined
  })
}

function expectNothingLeft(program: Program, worker: number): void {
  expect(isRunning(worker)).toBe(false)
  expect(program.stdout()).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+\n$/)
  // Every line is one of the log.
  for (const line of program.stderr().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
}

test('SIGTERM: no new connection, not ready, running streams complete, exit code 0', async () => {
  const { program, url, worker } = await readyServer({ GRACE_MS: '600000' })
  const streams = await Promise.all(Array.from({ length: 8 }, () => begin(url)))
  // It keeps the server alive until all has been looked at, be the machine slow.
  const client = new AbortController()
  const { whole: long } = await begin(url, endless, client.signal)
  const kept = await open(url)
  kept.write('GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [before] = await once(kept, 'data')
  expect(String(before)).toContain('HTTP/1.1 200 OK')
  // As systemd does it: to each process.
  process.kill(worker, 'SIGTERM')
  program.child.kill('SIGTERM')
  await untilClosed(url)
  kept.write('GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const said = await rest(kept)
  expect(said).toMatch(/^HTTP\/1\.1 503 /)
  expect(said.toLowerCase()).toContain('connection: close')
  expect(said).toContain('{"status":"stopping"}')
  for (const { whole } of streams)
    expect(await whole).toEqual({ text: answerTo(story), finishReason: 'stop', error: undefined, done: true })
  expect(program.child.exitCode).toBe(null)
  client.abort()
  await expect(long).rejects.toThrow()
  expect(await program.ended).toBe(0)
  expectNothingLeft(program, worker)
})

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  'a second %s ends the server at once, with exit code %i: the stream ends with an error event',
  async (signal, code) => {
    const { program, url, worker } = await readyServer()
    const { whole } = await begin(url, endless)
    program.child.kill(signal)
    await untilClosed(url)
    expect(program.child.exitCode).toBe(null)
    // What comes soon after the first one is the first one again.
    const again = setInterval(() => program.child.kill(signal), 100)
    onTestFinished(() => clearInterval(again))
    expect(await whole).toMatchObject({ error: 'shutting_down', done: false })
    expect(await program.ended).toBe(code)
    expectNothingLeft(program, worker)
  },
)

test('a signal that comes twice, as npm and tsx pass it on, lets a stream finish', async () => {
  const { program, url } = await readyServer()
  const { whole } = await begin(url, { ...endless, max_tokens: 500 })
  program.child.kill('SIGTERM')
  program.child.kill('SIGINT')
  expect(await whole).toMatchObject({ finishReason: 'length', done: true })
  expect(await program.ended).toBe(0)
})

test('an answer that is not complete within GRACE_MS is cancelled, with exit code 0', async () => {
  const { program, url, worker } = await readyServer({ GRACE_MS: '300' })
  const { whole } = await begin(url, endless)
  program.child.kill('SIGTERM')
  expect(await whole).toMatchObject({ error: 'shutting_down', done: false })
  expect(await program.ended).toBe(0)
  expectNothingLeft(program, worker)
})

test('SIGTERM while the model loads: exit code 0, and no worker remains', async () => {
  const endlessModel = makeEndlessModel(join(folder, 'models'))
  const program = runServer(folder, { MLX_MODEL: 'endless' })
  await program.url
  await using _ = await endlessModel.opened()
  const worker = workerOf(program)
  program.child.kill('SIGTERM')
  expect(await program.ended).toBe(0)
  expect(worker).toBeDefined()
  expectNothingLeft(program, worker ?? 0)
})

test('a killed server leaves no worker behind', async () => {
  const { program, worker } = await readyServer()
  program.child.kill('SIGKILL')
  expect(await program.ended).toBe('SIGKILL')
  await until(async () => !isRunning(worker))
})
