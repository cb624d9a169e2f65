import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { startUpdates } from '../src/main/updates/updates.ts'
import { app, dialog, removeUserData } from './support/electron.ts'

vi.mock('electron', () => import('./support/electron.ts'))
vi.mock('../src/main/updates/updater.ts', () => ({ createUpdater: () => updater }))

/** Finds the update that a test sets. */
class Updater extends EventEmitter {
  checks = 0
  found: { isUpdateAvailable: boolean; updateInfo: { version: string } } | Error = new Error('no network')

  async checkForUpdates() {
    this.checks += 1
    if (this.found instanceof Error) throw this.found
    return this.found
  }

  /** Only macOS needs it. */
  quitAndInstall() {
    app.quit()
  }
}

const relaunch = vi.fn()

/** The resources of the packaged app, and the file with its feed. */
const resources = mkdtempSync(join(tmpdir(), 'desktop-resources-'))
const feed = join(resources, 'app-update.yml')
let updater: Updater

beforeEach(() => {
  updater = new Updater()
  dialog.shown.length = 0
  Object.assign(process, { resourcesPath: resources })
  Object.defineProperty(app, 'isPackaged', { value: true })
  Object.assign(app, { relaunch })
  rmSync(feed, { force: true })
})
afterAll(() => {
  rmSync(resources, { recursive: true, force: true })
  removeUserData()
})

test('an app without a feed looks for no updates', async () => {
  expect(await startUpdates()).toBeUndefined()
  expect(updater.checks).toBe(0)
})

test('an app with a feed looks for updates once, and shows no error of that', async () => {
  writeFileSync(feed, 'provider: generic')
  expect(await startUpdates()).toBeDefined()
  expect(updater.checks).toBe(1)
  expect(dialog.shown).toEqual([])
})

test('the user learns what a check has found', async () => {
  writeFileSync(feed, 'provider: generic')
  const updates = await startUpdates()
  await updates?.check()
  updater.found = { isUpdateAvailable: false, updateInfo: { version: '1.0.0' } }
  await updates?.check()
  updater.found = { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } }
  await updates?.check()
  expect(dialog.shown.map(({ message, detail }) => detail ?? message)).toEqual([
    'no network',
    expect.stringMatching(/is the newest version\.$/),
    'Version 2.0.0 is being downloaded.',
  ])
})

test('a downloaded update is installed by a restart, if the user wants it now', async () => {
  writeFileSync(feed, 'provider: generic')
  vi.stubEnv('APPIMAGE', '/apps/Test.AppImage')
  await startUpdates()
  const quits = app.quits
  for (const [response, expected] of [
    [1, quits],
    [0, quits + 1],
  ] as const) {
    dialog.response = response
    updater.emit('update-downloaded', { version: '2.0.0' })
    await vi.waitFor(() => expect(app.quits).toBe(expected))
  }
  if (process.platform !== 'darwin') {
    expect(relaunch.mock.calls).toEqual([[{ execPath: '/apps/Test.AppImage' }]])
  }
  expect(dialog.shown.map(({ message }) => message)).toEqual(Array(2).fill('Version 2.0.0 is ready.'))
})
