/** Services that an app uses itself, and lets others use for a while. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineError } from 'mlx-app'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { answerTo, makeProject, story, until } from '../../engine/test/engine/support.ts'
import { createApp, createServices, listen, readSettings, type Services, StartError } from '../src/index.ts'
import { chat, readChat } from './streams.ts'

let folder = ''
let services: Services
const states: string[] = []

/** Creates services of this project, or of the one in the folder. */
const create = (project?: string) =>
  createServices(readSettings({ PORT: '0', LOG_LEVEL: 'silent', KEYS_FILE: join(folder, 'keys.json') }), {
    engine: { device: 'cpu', ...(project !== undefined && { project }) },
    onState: (state) => states.push(state),
  })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'listen-'))
  states.length = 0
  services = await create()
})
afterEach(async () => {
  await services.close()
  rmSync(folder, { recursive: true, force: true })
})

const post = (body: unknown, key = '') => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
  body: JSON.stringify(body),
})

test('a server with existing services lets its requests finish, and leaves the services alone', async () => {
  await services.start()
  const key = await services.keys.renew('desktop')
  const server = await listen(services)
  const url = `${server.url}/v1/chat/completions`
  expect((await fetch(url, post(chat('Say hello.')))).status).toBe(401)
  const streamed = await fetch(url, post(chat(story, { stream: true }), key))
  const closing = server.close()
  expect(await readChat(streamed)).toMatchObject({ text: answerTo(story), done: true })
  await closing
  await expect(fetch(url, post(chat('Say hello.'), key))).rejects.toThrow('fetch failed')

  expect(services.engineService.state).toBe('ready')
  const own = createApp({ ...services, authenticate: () => 'me' })
  expect((await own.request('/v1/chat/completions', post(chat('Say hello.')))).status).toBe(200)
  await using again = await listen(services)
  expect((await fetch(`${again.url}/v1/models`, { headers: { 'x-api-key': key } })).status).toBe(200)
})

test('a port that is in use is an error, and the services stay', async () => {
  await services.start()
  await using first = await listen(services)
  const settings = { ...services.settings, port: Number(new URL(first.url).port) }
  await expect(listen({ ...services, settings })).rejects.toThrow(StartError)
  expect(services.engineService.state).toBe('ready')
})

test('a renewed key replaces the one with the same name', async () => {
  const other = await services.keys.renew('other')
  const first = await services.keys.renew('desktop')
  const second = await services.keys.renew('desktop')
  expect([other, first, second].map((key) => services.keys.findName(key))).toEqual([
    'other',
    undefined,
    'desktop',
  ])
})

test('a start that is cancelled can be repeated', async () => {
  const started = services.start()
  services.engineService.cancelStart()
  const error: unknown = await started.catch((failure: unknown) => failure)
  expect(EngineError.isInstance(error) && error.code).toBe('ABORTED')
  expect(services.engineService.state).toBe('failed')
  const app = createApp(services)
  const message = 'Loading the model was stopped.'
  expect(await (await app.request('/api/status')).json()).toMatchObject({ state: 'failed', message })
  const refused = await app.request('/v1/chat/completions', post(chat('Say hello.')))
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ error: { code: 'model_not_loaded', message } })

  await services.start()
  services.engineService.cancelStart()
  expect(services.engineService.state).toBe('ready')
  expect(states.slice(-3)).toEqual(['starting', 'loading', 'ready'])
})

test('another model can take the place of one that could not be loaded', async () => {
  const config = { model: './missing', aliases: { broken: './missing' } }
  const project = makeProject(join(folder, 'project'))
  writeFileSync(join(project, 'mlx.config.json'), JSON.stringify(config))
  await using own = await create(project)
  const { engineService } = own
  await expect(own.start()).rejects.toThrow('missing')
  const app = createApp({ ...own, authenticate: () => 'me' })
  const models: unknown = await (await app.request('/v1/models')).json()
  expect(models).toMatchObject({ data: [{ id: 'missing' }, { id: 'broken' }, { id: 'hello' }] })
  const load = async (model: string) => (await app.request('/api/load', post({ model }))).text()

  expect(await load('broken')).toContain('model_not_found')
  expect(engineService.state).toBe('failed')
  expect(await load('hello')).toContain('event: loaded')
  expect(engineService.state).toBe('ready')
  for (const model of ['hello', undefined]) {
    const answer = await app.request('/v1/chat/completions', post({ ...chat('Say hello.'), model }))
    expect(await answer.json()).toMatchObject({
      model: 'hello',
      choices: [{ message: { content: answerTo('Say hello.') } }],
    })
  }
  expect(await (await app.request('/api/status')).json()).toMatchObject({ state: 'ready', model: 'hello' })
  const list: unknown = await (await app.request('/v1/models')).json()
  expect(list).toMatchObject({
    data: [
      { id: 'hello', loaded: true },
      { id: 'missing', loaded: false },
      { id: 'broken', loaded: false },
    ],
  })

  // It is also the one that is loaded again after a crash.
  const { pid = 0 } = (await engineService.status()) ?? {}
  process.kill(pid, 'SIGKILL')
  await until(async () => engineService.restarts === 1)
  expect(engineService.state).toBe('ready')
})
