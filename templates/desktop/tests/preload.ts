import { beforeEach, expect, test, vi } from 'vitest'
import { type DesktopApi, streamMessageChannel } from '../src/shared/desktop-api.ts'

interface Ipc {
  api?: DesktopApi
  names: string[]
  sent: unknown[][]
  listeners: Map<string, (...values: unknown[]) => void>
  invoke: () => Promise<unknown>
}

const ipc: Ipc = vi.hoisted(() => ({
  names: [],
  sent: [],
  listeners: new Map(),
  invoke: async () => undefined,
}))

vi.mock('electron', () => ({
  contextBridge: {
    exposeInMainWorld(name: string, value: DesktopApi) {
      ipc.names.push(name)
      ipc.api = value
    },
  },
  ipcRenderer: {
    on: (channel: string, listener: (...values: unknown[]) => void) => ipc.listeners.set(channel, listener),
    send: (...values: unknown[]) => ipc.sent.push(values),
    invoke: (...values: unknown[]) => {
      ipc.sent.push(values)
      return ipc.invoke()
    },
  },
}))

await import('../src/preload/index.ts')
const { api } = ipc
if (api === undefined) throw new Error('The preload script exposes nothing.')

beforeEach(() => {
  ipc.sent = []
})

/** Acts as the main process. */
const receive = (id: number, message: unknown) => ipc.listeners.get(streamMessageChannel)?.({}, id, message)

test('exposes a few functions and nothing else', () => {
  expect(ipc.names).toEqual(['desktop'])
  expect(Object.keys(api).sort()).toEqual([
    'chat',
    'load',
    'mcpServers',
    'models',
    'onNewConversation',
    'onStateChange',
    'retryStart',
    'status',
    'stopStart',
  ])
  expect(Object.values(api).every((value) => typeof value === 'function')).toBe(true)
})

test('each function has a channel of its own, which the page can not choose', async () => {
  await Reflect.apply(api.status, undefined, ['other-channel', 1])
  await api.models()
  api.load('hello', () => {})
  expect(ipc.sent).toEqual([['status'], ['models'], ['load', expect.any(Number), 'hello']])
})

test('gives each stream its own messages, without the event of Electron', () => {
  const [one, other] = [vi.fn(), vi.fn()]
  const cancel = api.chat({ messages: [] }, one)
  api.load('hello', other)
  const [first, second] = ipc.sent.map(([, id]) => Number(id))
  if (first === undefined || second === undefined) throw new Error('Nothing was sent.')
  receive(first, { event: { type: 'text', text: 'Hi' } })
  receive(second, { end: true })
  receive(second, { event: 'late' })
  cancel()
  expect(one.mock.calls).toEqual([[{ event: { type: 'text', text: 'Hi' } }]])
  expect(other.mock.calls).toEqual([[{ end: true }]])
  expect(ipc.sent.at(-1)).toEqual(['cancel', first])
})

test('a call that is refused ends its stream', async () => {
  const listener = vi.fn()
  ipc.invoke = async () => {
    throw new Error('Refused.')
  }
  api.chat({ messages: [] }, listener)
  await vi.waitFor(() =>
    expect(listener).toHaveBeenCalledWith({ failure: { message: 'Refused.', status: 0 } }),
  )
})
