import { session } from 'electron'
import { afterEach, expect, test, vi } from 'vitest'
import { denyPermissions, restrictPages } from '../src/main/security.ts'
import { app, dialog, permissions, shell, WebContents } from './support/electron.ts'

vi.mock('electron', () => import('./support/electron.ts'))

restrictPages()
const page = new WebContents()
app.emit('web-contents-created', {}, page)

afterEach(() => {
  dialog.shown = []
  dialog.response = 0
  shell.opened = []
  shell.hasBrowser = true
})

/** Emits an event of the page. Returns whether the app prevented it. */
function isPrevented(name: string, url: string): boolean {
  let prevented = false
  page.emit(name, {
    url,
    preventDefault: () => {
      prevented = true
    },
  })
  return prevented
}

test.each(['https://example.org/', 'file:///etc/hosts', 'app://other/index.html', 'data:text/html,x'])(
  'does not let the page go to %s',
  (address) => {
    expect(isPrevented('will-navigate', address)).toBe(true)
    expect(isPrevented('will-redirect', address)).toBe(true)
  },
)

test('lets the page be reloaded', () => {
  expect(isPrevented('will-navigate', 'app://page/index.html')).toBe(false)
})

test('embeds no other page', () => {
  expect(isPrevented('will-attach-webview', '')).toBe(true)
})

test('opens https links in the browser if the user agrees', async () => {
  expect(page.openWindow('https://example.org/a?b')).toEqual({ action: 'deny' })
  await vi.waitFor(() => expect(shell.opened).toEqual(['https://example.org/a?b']))
  expect(dialog.shown).toMatchObject([
    { message: 'Open example.org in your browser?', detail: 'https://example.org/a?b' },
  ])
})

test('tells the user that a link could not be opened', async () => {
  shell.hasBrowser = false
  page.openWindow('https://example.org/')
  await vi.waitFor(() => expect(dialog.shown).toHaveLength(2))
  expect(dialog.shown[1]).toMatchObject({
    message: 'example.org could not be opened.',
    detail: 'There is no browser.',
  })
})

test('opens nothing if the user declines', async () => {
  dialog.response = 1
  expect(page.openWindow('https://example.org/')).toEqual({ action: 'deny' })
  await vi.waitFor(() => expect(dialog.shown).toHaveLength(1))
  expect(shell.opened).toEqual([])
})

test.each(['http://example.org/', 'javascript:alert(1)', 'file:///etc/hosts', 'smb://host/', 'nonsense'])(
  'does not even ask for %s',
  async (address) => {
    expect(page.openWindow(address)).toEqual({ action: 'deny' })
    expect(dialog.shown).toEqual([])
    expect(shell.opened).toEqual([])
  },
)

test('denies all permissions', () => {
  denyPermissions(session.defaultSession)
  const granted: boolean[] = []
  permissions.request?.(page, 'media', (isGranted) => granted.push(isGranted))
  expect([...granted, permissions.check?.(), permissions.device?.()]).toEqual([false, false, false])
})
