import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SettingsFile } from '../src/main/settings.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('everything is off by default, and nothing is written', () => {
  const path = join(folder, 'new', 'settings.json')
  expect(new SettingsFile(path).get()).toMatchObject({ api: false, tray: false, quickChat: false })
  expect(() => statSync(path)).toThrow('ENOENT')
})

test('changes survive a restart, and only the user can read them', () => {
  const path = join(folder, 'new', 'settings.json')
  new SettingsFile(path).change({ tray: true, window: { x: 1, y: 2, width: 3, height: 4 } })
  expect(new SettingsFile(path).get()).toMatchObject({
    api: false,
    tray: true,
    window: { x: 1, y: 2, width: 3, height: 4 },
  })
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a change keeps what the user has changed in the file meanwhile', () => {
  const path = join(folder, 'settings.json')
  const settings = new SettingsFile(path)
  settings.change({ tray: true })
  writeFileSync(path, '{"tray":true,"apiPort":9000}')
  settings.change({ quickChat: true })
  expect(settings.get()).toMatchObject({ tray: true, apiPort: 9000, quickChat: true })
  expect(new SettingsFile(path).get()).toEqual(settings.get())

  writeFileSync(path, '{"tray":')
  settings.change({ quickChat: false })
  expect(new SettingsFile(path).get()).toMatchObject({ tray: true, apiPort: 9000, quickChat: false })
  expect(readFileSync(`${path}.unreadable`, 'utf8')).toBe('{"tray":')
})

test.each(['{', '[]', '{"apiPort":"many"}', '{"window":{"x":0.5}}'])(
  'keeps an unreadable file: %s',
  (text) => {
    const path = join(folder, 'settings.json')
    writeFileSync(path, text)
    const settings = new SettingsFile(path)
    expect(settings.get().apiPort).toBe(8000)
    settings.change({ tray: true })
    expect(readFileSync(`${path}.unreadable`, 'utf8')).toBe(text)
  },
)
