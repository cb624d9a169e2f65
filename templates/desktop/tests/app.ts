import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runApp } from '../src/main/app.ts'
import type { DesktopEngine } from '../src/main/engine.ts'
import { LogFile } from '../src/main/log-file.ts'
import { QuickChat } from '../src/main/quick-chat.ts'
import { SettingsFile } from '../src/main/settings.ts'
import { callChannels, newConversationChannel, stateChangeChannel } from '../src/shared/desktop-api.ts'
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  menuItem,
  removeUserData,
  shell,
  Tray,
} from './support/electron.ts'

vi.mock('electron', () => import('./support/electron.ts'))

/** The engine that the app has opened. */
const opened: { engine?: DesktopEngine } = vi.hoisted(() => ({}))
vi.mock('../src/main/engine.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../src/main/engine.ts')>()
  const openEngine: typeof original.openEngine = async (...values) => {
    opened.engine = await original.openEngine(...values)
    return opened.engine
  }
  return { ...original, openEngine }
})

const isMac = process.platform === 'darwin'
const trayIcon = isMac ? 'Menu Bar Icon' : 'Tray Icon'

/** What the app has saved. */
const saved = () => new SettingsFile(join(app.getPath(), 'settings.json')).get()
const mainWindow = () => {
  const [window] = BrowserWindow.all
  if (window === undefined) throw new Error('The app has no window.')
  return window
}
const click = (label: string) => menuItem(label).click?.()

let stateWhenShown: unknown
beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'silent')
  new SettingsFile(join(app.getPath(), 'settings.json')).change({
    // Any free port, as a user could set it in the file.
    apiPort: 0,
    // On a large screen, which is gone.
    window: { x: 2500, y: -300, width: 2000, height: 700 },
  })
  await runApp()
  stateWhenShown = await ipcMain.invoke(mainWindow().webContents, callChannels.status, [])
})
afterAll(removeUserData)

const isReady = async () => {
  const reply = await ipcMain.invoke(mainWindow().webContents, callChannels.status, [])
  expect(reply).toMatchObject({ value: { state: 'ready' } })
}

test('opens a sandboxed window before the model is loaded', async () => {
  expect(stateWhenShown).toMatchObject({ value: { state: expect.stringMatching(/^(starting|loading)$/) } })
  expect(mainWindow().address).toBe('app://page/index.html')
  expect(mainWindow().options.webPreferences).toEqual({
    preload: expect.stringMatching(/preload.index\.cjs$/),
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
  })
  await vi.waitFor(isReady, { timeout: 120_000 })
  const channels = mainWindow().webContents.received.map(({ channel }) => channel)
  expect(channels).toContain(stateChangeChannel)
})

test('opens the window on a screen that is there', () => {
  expect(mainWindow().options).toMatchObject({ x: 0, y: 25, width: 1920, height: 700 })
})

test("keeps the app's name as the title of the window", () => {
  expect(mainWindow().options).toMatchObject({ title: app.name })
  const preventDefault = vi.fn()
  mainWindow().emit('page-title-updated', { preventDefault }, 'Chat')
  expect(preventDefault).toHaveBeenCalledOnce()
})

test('reloads a page that crashes, unless it crashes again before it is loaded', async () => {
  const { webContents } = mainWindow()
  const reloadsAfter = async (reason: string) => {
    webContents.emit('render-process-gone', {}, { reason })
    await setImmediate()
    return webContents.reloads
  }
  webContents.emit('did-finish-load')
  expect(await reloadsAfter('clean-exit')).toBe(0)
  expect(await reloadsAfter('crashed')).toBe(1)
  expect(await reloadsAfter('crashed')).toBe(1)
  webContents.emit('did-finish-load')
  expect(await reloadsAfter('oom')).toBe(2)
})

test('the about box shows the name and the version', () => {
  expect(app.about).toEqual({ applicationName: 'Test App', applicationVersion: '1.2.3' })
})

describe('the log', () => {
  const read = ({ path }: LogFile, suffix = '') => readFileSync(path + suffix, 'utf8')

  test('is shown by the menu', () => {
    click('Show Log')
    expect(shell.shown).toEqual([join(app.getPath(), 'logs', 'main.log')])
  })

  test('is kept when it is full, until the next one is', () => {
    const log = new LogFile(join(app.getPath(), 'logs', 'small.log'), 10)
    for (const line of ['first', 'second', 'third', 'fourth']) log.write(`${line}\n`)
    expect([read(log), read(log, '.old')]).toEqual(['fourth\n', 'third\n'])
    new LogFile(log.path).writeError(new Error('broken'))
    expect(read(log)).toMatch(/^fourth\n\S+Z Error: broken\n {4}at /)
  })

  test('that can not be written does not stop the app', () => {
    const { path } = new SettingsFile(join(app.getPath(), 'settings.json'))
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {})
    new LogFile(join(path, 'main.log')).write('line\n')
    expect(complaints).toHaveBeenCalledOnce()
    complaints.mockRestore()
  })
})

test('a second start focuses the window', () => {
  const { focusCount } = mainWindow()
  app.emit('second-instance')
  expect(mainWindow().focusCount).toBe(focusCount + 1)
  expect(BrowserWindow.all).toHaveLength(1)
})

test('the menu starts a conversation', () => {
  click('New Conversation')
  expect(mainWindow().webContents.received.at(-1)?.channel).toBe(newConversationChannel)
})

describe('the API', () => {
  /** Turns the API on. Returns the address and the key that the user sees. */
  async function turnOn() {
    dialog.shown = []
    click('API for Other Programs')
    await vi.waitFor(() => expect(dialog.shown).toHaveLength(1))
    const [, url = '', key = ''] = /^Address: (\S+)\nKey: (\S+)$/.exec(dialog.shown[0]?.detail ?? '') ?? []
    return { url, key }
  }
  const ask = (url: string, key: string) =>
    fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Say hello.' }] }),
    })

  test('is off until the user turns it on', () => {
    expect(menuItem('API for Other Programs').checked).toBe(false)
    expect(menuItem('API Address and Key…').enabled).toBe(false)
    expect(saved().api).toBe(false)
  })

  test('uses the model of the app, with a key, until it is turned off', async () => {
    const { url, key } = await turnOn()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
    expect(clipboard.text).toBe(key)
    const response = await ask(url, key)
    expect(await response.json()).toMatchObject({
      choices: [{ message: { content: 'Hello from a real MLX model!' } }],
    })
    expect((await ask(url, 'wrong')).status).toBe(401)
    expect(menuItem('API for Other Programs').checked).toBe(true)
    expect(saved().api).toBe(true)
    // The key is encrypted.
    expect(JSON.stringify(saved())).not.toContain(key)

    click('API for Other Programs')
    await vi.waitFor(() => expect(menuItem('API for Other Programs').checked).toBe(false))
    expect(saved().api).toBe(false)
    await expect(ask(url, key)).rejects.toThrow('fetch failed')
    await isReady()

    expect((await turnOn()).key).toBe(key)
    click('API for Other Programs')
    await vi.waitFor(() => expect(menuItem('API for Other Programs').checked).toBe(false))
  })
})

test('the API is turned off even if that can not be saved', async () => {
  dialog.shown = []
  click('API for Other Programs')
  await vi.waitFor(() => expect(dialog.shown).toHaveLength(1))
  const [, url = ''] = /^Address: (\S+)$/m.exec(dialog.shown[0]?.detail ?? '') ?? []
  // The place of the temporary file is taken.
  const taken = `${join(app.getPath(), 'settings.json')}.${process.pid}`
  mkdirSync(taken)
  click('API for Other Programs')
  await vi.waitFor(() => expect(dialog.shown).toHaveLength(2))
  rmdirSync(taken)
  expect(dialog.shown[1]?.message).toContain('EISDIR')
  await expect(fetch(`${url}/models`)).rejects.toThrow('fetch failed')
  expect(menuItem('API for Other Programs').checked).toBe(false)
})

test('the tray icon can be turned on and off', async () => {
  expect(Tray.shown).toBe(0)
  for (const [isOn, shown] of [
    [true, 1],
    [false, 0],
  ] as const) {
    click(trayIcon)
    await vi.waitFor(() => expect(menuItem(trayIcon).checked).toBe(isOn))
    expect([Tray.shown, saved().tray]).toEqual([shown, isOn])
  }
})

describe('the quick chat', () => {
  const shortcut = 'CommandOrControl+Shift+Space'
  const press = () => globalShortcut.registered.get(shortcut)?.()
  const quickWindow = () => BrowserWindow.all.at(-1)

  test('has no shortcut until the user turns it on, and says if another app has it', async () => {
    expect(globalShortcut.registered.size).toBe(0)
    globalShortcut.isTaken = true
    dialog.shown = []
    click('Quick Chat Shortcut')
    await vi.waitFor(() => expect(dialog.shown).toHaveLength(1))
    globalShortcut.isTaken = false
    expect(dialog.shown[0]?.message).toContain(`Another app already uses ${shortcut}`)
    expect([menuItem('Quick Chat Shortcut').checked, saved().quickChat]).toEqual([false, false])
  })

  test('says that its shortcut is not valid', () => {
    const settings = new SettingsFile(join(app.getPath(), 'other-settings.json'))
    settings.change({ quickChatShortcut: 'Nonsense' })
    const quickChat = new QuickChat(settings)
    expect(quickChat.isOn).toBe(false)
    expect(() => quickChat.turnOn()).toThrow('"Nonsense" is not a valid shortcut. Change "quickChatShortcut"')
    expect([quickChat.isOn, settings.get().quickChat]).toEqual([false, false])
  })

  test('is shown and hidden by the shortcut, and hidden when another window is used', async () => {
    click('Quick Chat Shortcut')
    await vi.waitFor(() => expect(menuItem('Quick Chat Shortcut').checked).toBe(true))
    expect(saved().quickChat).toBe(true)
    press()
    expect(BrowserWindow.all).toHaveLength(2)
    expect(quickWindow()?.options).toMatchObject({ alwaysOnTop: true, webPreferences: { sandbox: true } })
    expect(quickWindow()?.address).toBe('app://page/index.html')
    press()
    expect(quickWindow()?.isVisible()).toBe(false)
    press()
    expect(quickWindow()?.isVisible()).toBe(true)
    quickWindow()?.emit('blur')
    expect(quickWindow()?.isVisible()).toBe(false)
    expect(BrowserWindow.all).toHaveLength(2)
  })
})

test('closing the window saves its place, quits the app, and leaves no Python', async () => {
  const pid = (await opened.engine?.services.engineService.status())?.pid ?? Number.NaN
  expect(() => process.kill(pid, 0)).not.toThrow()
  mainWindow().close()
  // On macOS, the app stays without a window.
  if (isMac) app.quit()
  expect(saved().window).toEqual({ x: 1, y: 2, width: 800, height: 600 })
  // The first request waits for the worker, and the second one quits.
  await vi.waitFor(() => expect(app.quits).toBe(2))
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
