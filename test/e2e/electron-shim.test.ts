/** The shim of Electron's API, with a small app: what the tests of the desktop template rely on. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDesk, type Desk, DesktopApp, spawnApp } from '../support/desktop-app.ts'
import { needs } from '../support/programs/needs.ts'

const app = fileURLToPath(new URL('../support/electron-shim/app', import.meta.url))
const runtime = 'the shim'

describe('an app in the shim', needs('chromium', 'Xvfb', 'ps'), () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await createDesk()
  })
  afterAll(async () => desk?.[Symbol.asyncDispose]())

  async function start(): Promise<DesktopApp> {
    const started = await DesktopApp.start({ app, runtime, desk })
    onTestFinished(async () => void (await started.end('SIGKILL')))
    return started
  }

  test('calls pass through the preload, and nothing else reaches the page', async () => {
    const { page } = await start()
    await page.locator('#sum', { hasText: '3' }).waitFor()
    const found = await page.evaluate(`(async () => ({
      platform: desktop.platform(),
      sum: await desktop.add(2, 3),
      refusal: await desktop.add(2n, 3n).catch((error) => error.message),
      unlisted: await fetch('/..%2fpackage.json').then(({ status }) => status),
      leaked: [typeof require, typeof process, typeof shimPost],
    }))()`)
    expect(found).toEqual({
      platform: process.platform,
      sum: 5,
      refusal: expect.stringContaining('BigInt'),
      unlisted: 404,
      leaked: ['undefined', 'undefined', 'undefined'],
    })
  })

  test('what is sent to a page arrives in order, until it stops listening', async () => {
    const { page } = await start()
    const numbers = await page.evaluate(`(async () => {
      const received = []
      for (const limit of [3, 2]) {
        await new Promise((resolve) => {
          const stop = desktop.numbers(limit, ({ number }) => {
            received.push(number)
            if (number !== limit) return
            stop()
            resolve()
          })
        })
      }
      return received
    })()`)
    expect(numbers).toEqual([1, 2, 3, 1, 2])
  })

  test('the address of a page is the one of its frame: a foreign page gets no answer', async () => {
    const { page } = await start()
    await page.goto('data:text/html,<title>foreign</title>')
    const refusal = await page.evaluate('desktop.add(1, 2).catch((error) => error.message)')
    expect(refusal).toMatch(/^Error invoking remote method 'add': Error: refused null$/)
  })

  test('navigation and new windows are refused', async () => {
    const started = await start()
    const { page } = started
    const address = page.url()
    await page.locator('#out').click()
    await page.locator('#window').click()
    const refused = [{ navigation: 'https://example.com/' }, { window: 'https://example.com/' }]
    await expect.poll(() => started.reported('refused')).toEqual(refused)
    await expect.poll(() => page.context().pages().length).toBe(1)
    expect(page.url()).toBe(address)
  })

  test('a test answers the dialogs that it opens from a menu, and the app quits', async () => {
    const started = await start()
    const ended = once(started.child, 'exit')
    started.command({ click: ['Test', 'Ask'], of: 'app' })
    await expect.poll(() => started.reported('dialog')).toMatchObject([{ message: 'Sure?' }])
    started.command({ answer: 'Yes' })
    started.command({ click: ['Test', 'Ask'], of: 'app' })
    expect(await ended).toEqual([0, null])
  })

  test('storage survives a restart, also in a page that was changed just before', async () => {
    const first = await start()
    await first.page.evaluate('localStorage.setItem("kept", "yes")')
    expect(await first.quit()).toBe(0)
    const second = await start()
    expect(await second.page.evaluate('localStorage.getItem("kept")')).toBe('yes')
  })

  test('a second instance ends and the first is told', async () => {
    const first = await start()
    const second = await spawnApp({ app, runtime, desk })
    expect(await once(second, 'exit')).toEqual([3, null])
    await expect.poll(() => first.reported('focus')).toEqual(['app://main/'])
  })

  test('Chromium ends with the app', async () => {
    const { page, child } = await start()
    const closed = page.waitForEvent('close')
    child.kill('SIGKILL')
    await closed
  })
})
