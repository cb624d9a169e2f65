import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { handleCalls } from '../src/main/calls.ts'
import { type DesktopEngine, openEngine } from '../src/main/engine.ts'
import { callChannels, cancelChannel, streamChannels } from '../src/shared/desktop-api.ts'
import { type Frame, ipcMain, removeUserData } from './support/electron.ts'
import { Page } from './support/page.ts'

vi.mock('electron', () => import('./support/electron.ts'))

const question = { messages: [{ role: 'user', text: 'Who are you?' }], temperature: 0 }
const answer = 'I am hello, a very tiny model: two layers that know a few answers by heart.'
const long = { messages: [{ role: 'user', text: 'Tell me a story.' }], temperature: 0 }

let engine: DesktopEngine
const onStateChange = vi.fn()

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'silent')
  const opening = openEngine(onStateChange, () => {})
  handleCalls(opening)
  engine = await opening
  await vi.waitFor(() => expect(engine.services.engineService.state).toBe('ready'), { timeout: 120_000 })
})

afterAll(async () => {
  await engine.services.close()
  removeUserData()
})

const runningCount = async () => (await engine.services.engineService.status())?.active

test('tells the state and lists the models', async () => {
  const page = new Page()
  expect(onStateChange).toHaveBeenCalled()
  expect(await page.call(callChannels.status)).toEqual({ value: { state: 'ready', model: 'hello' } })
  expect(await page.call(callChannels.models)).toMatchObject({ value: [{ id: 'hello', loaded: true }] })
  expect(await page.call(callChannels.mcpServers)).toEqual({ value: [] })
})

test('streams an answer of the model', async () => {
  const page = new Page()
  const id = await page.start(streamChannels.chat, question)
  expect(await page.result(id)).toEqual({ text: answer })
})

test('loads a model', async () => {
  const page = new Page()
  const id = await page.start(streamChannels.load, 'hello')
  expect(await page.result(id)).toEqual({ text: '' })
})

test('reports a model that does not exist', async () => {
  const page = new Page()
  const id = await page.start(streamChannels.load, 'nobody/nothing')
  expect((await page.result(id)).failure).toMatchObject({
    status: 404,
    message: expect.stringContaining('There is no model "nobody/nothing"'),
  })
})

/** Starts many answers, which take their time. Returns their IDs when the last one has some text. */
async function startMany(page: Page): Promise<number[]> {
  const ids: number[] = []
  for (let count = 0; count < 32; count += 1) ids.push(await page.start(streamChannels.chat, long))
  await page.firstText(ids.at(-1) ?? 0)
  return ids
}

describe('an answer ends', () => {
  test('when the page cancels it', async () => {
    const page = new Page()
    const ids = await startMany(page)
    for (const id of ids) ipcMain.emit(cancelChannel, { sender: page, senderFrame: page.mainFrame }, id)
    const results = await Promise.all(ids.map((id) => page.result(id)))
    expect(results.filter(({ failure }) => failure === undefined)).toEqual([])
    await vi.waitFor(async () => expect(await runningCount()).toBe(0))
  })

  test.each(['destroyed', 'did-navigate', 'render-process-gone'])(
    'when its page is gone: %s',
    async (event) => {
      const page = new Page()
      const ids = await startMany(page)
      page.emit(event)
      await vi.waitFor(async () => expect(await runningCount()).toBe(0))
      expect(ids.flatMap((id) => page.messages(id)).filter((message) => 'end' in message)).toEqual([])
    },
  )
})

describe('a call is refused', () => {
  const channels = [...Object.values(callChannels), ...Object.values(streamChannels)]
  const message = 'Only the page of this app can call it.'

  test.each(['https://example.org/', 'app://other/', 'file:///index.html', 'data:text/html,x', ''])(
    'from %s',
    async (address) => {
      for (const channel of channels) await expect(new Page(address).call(channel)).rejects.toThrow(message)
    },
  )

  test('from a frame in the page, and from one that is gone', async () => {
    const page = new Page()
    const inner = { url: 'app://page/index.html', parent: page.mainFrame }
    for (const frame of [inner, null]) {
      for (const channel of channels)
        await expect(ipcMain.invoke(page, channel, [], frame)).rejects.toThrow(message)
    }
  })

  test.each([
    [callChannels.status, ['more']],
    [callChannels.stopStart, [{}]],
    [streamChannels.chat, []],
    [streamChannels.chat, [0, question]],
    [streamChannels.chat, ['1', question]],
    [streamChannels.chat, [1, question, 'more']],
    [streamChannels.chat, [1, { ...question, more: true }]],
    [streamChannels.chat, [1, { messages: [] }]],
    [streamChannels.chat, [1, { messages: [{ role: 'tool', text: '' }] }]],
    [
      streamChannels.chat,
      [1, { messages: [{ role: 'user', text: '', images: ['https://example.org/a.png'] }] }],
    ],
    [streamChannels.load, [1, '']],
    [streamChannels.load, [1, { model: 'hello' }]],
  ])('with wrong arguments: %s %j', async (channel, values) => {
    await expect(ipcMain.invoke(new Page(), channel, values)).rejects.toThrow()
  })

  test('to cancel, without an error that nobody can catch', async () => {
    const page = new Page()
    const id = await page.start(streamChannels.chat, long)
    const cancel = (senderFrame: Frame | null, ...values: unknown[]) =>
      ipcMain.emit(cancelChannel, { sender: page, senderFrame }, ...values)
    cancel(null, id)
    cancel({ url: 'https://example.org/', parent: null }, id)
    cancel({ ...page.mainFrame, parent: page.mainFrame }, id)
    cancel(page.mainFrame, 'all')
    cancel(page.mainFrame)
    expect((await page.result(id)).failure).toBeUndefined()
  })

  test('with the ID of a call that is running', async () => {
    const page = new Page()
    await ipcMain.invoke(page, streamChannels.chat, [7, long])
    await expect(ipcMain.invoke(page, streamChannels.chat, [7, long])).rejects.toThrow('already running')
    page.emit('destroyed')
  })
})

test('a crash of the worker is reported, and the next answer comes from a new one', async () => {
  const page = new Page()
  const before = await engine.services.engineService.status()
  const ids = await startMany(page)
  onStateChange.mockClear()
  process.kill(before?.pid ?? Number.NaN, 'SIGKILL')
  for (const id of ids) expect((await page.result(id)).failure?.message).toMatch(/stopped/)
  await vi.waitFor(() => expect(engine.services.engineService.state).toBe('ready'), { timeout: 120_000 })
  expect(onStateChange.mock.calls.map(([state]) => state)).toEqual(['restarting', 'ready'])
  const next = await page.start(streamChannels.chat, question)
  expect(await page.result(next)).toEqual({ text: answer })
  expect((await engine.services.engineService.status())?.pid).not.toBe(before?.pid)
})
