/**
 * The packaged desktop app, as one uses it: with its own Python and the hello model. It runs in the shim of Electron's API
 * (test/support/electron-shim), and on Electron if this machine has it.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import {
  createDesk,
  type Desk,
  DesktopApp,
  findElectron,
  isAlive,
  type Runtime,
  spawnApp,
} from '../support/desktop-app.ts'
import { DesktopChat } from '../support/desktop-chat.ts'
import { copyDesktopProject } from '../support/desktop-project.ts'
import { answerTo } from '../support/hello.ts'
import { listeningPorts } from '../support/listening-ports.ts'
import { packageDesktop } from '../support/packaged-desktop.ts'
import { needs } from '../support/programs/needs.ts'
import { noRelocatablePython } from '../support/relocatable-python.ts'
import { describeSecurity } from './desktop-security.ts'
import { describeStart } from './desktop-start.ts'

const question = 'What is MLX?'
const story = 'Tell me a story.'

const home = mkdtempSync(join(tmpdir(), 'desktop é '))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const skipped = (reason: string | undefined) =>
  reason === undefined ? {} : { skip: true, meta: { skipReason: reason } }
const electronReason =
  findElectron(home) === undefined ? 'Needs Electron, which ELECTRON_EXEC_PATH can name' : undefined

let program = ''
beforeAll(async () => {
  if (noRelocatablePython !== undefined) return
  const project = join(home, 'my desk')
  await copyDesktopProject(project)
  program = await packageDesktop(project)
})

// On a busy machine, Playwright and the shim, which share a Chromium, may wait for each other at a new window.
const inShim = { retry: 2, ...skipped(noRelocatablePython), ...needs('chromium', 'Xvfb', 'ps') }
describe('in the shim', inShim, () => {
  describeApp('the shim')
  describeNativeParts()
})
describe('on Electron', skipped(electronReason ?? noRelocatablePython), () => describeApp('Electron'))

/** Describes what works in the shim and on Electron. */
function describeApp(runtime: Runtime): void {
  const desk = useDesk()
  const start = () => startChat(runtime, desk())
  describeSecurity(start)

  test('an answer is streamed into the page from the vendored Python, and no port is open', async () => {
    const { app, page, say, answer } = await start()
    await page.evaluate(`
      globalThis.seen = new Set()
      new MutationObserver(() => seen.add(document.querySelector('.answer > .markdown')?.textContent))
        .observe(document.body, { childList: true, subtree: true, characterData: true })
    `)
    await say(story)
    expect(await answer()).toBe(answerTo(story))
    expect(await page.evaluate('seen.size')).toBeGreaterThan(3)
    // The page doesn't cancel an answer that it has received, which the server would log as 499.
    const requests = () => app.log.filter((line) => line.includes('/v1/chat/completions'))
    await expect.poll(requests).toEqual([expect.stringContaining('"status":200')])
    const [python, ...others] = app.pythons()
    expect(others).toEqual([])
    expect(python?.command).toContain(join('resources', 'python', 'bin', 'python3'))
    // Electron itself listens for the debugger of this test.
    const processes = [python?.id ?? 0, ...(runtime === 'the shim' ? [app.id] : [])]
    expect(processes.flatMap(listeningPorts)).toEqual([])
  })

  test('the conversation and the settings are there after a restart', async () => {
    const first = await start()
    await first.say(question)
    await first.answer()
    await first.button('Settings').click()
    await first.page.getByLabel('Temperature').fill('0.5')
    await first.page.keyboard.press('Escape')
    expect(await first.app.quit()).toBe(0)
    const second = await start()
    await second.button(question).click()
    expect(await second.answer()).toBe(answerTo(question))
    await second.button('Settings').click()
    expect(await second.page.getByLabel('Temperature').inputValue()).toBe('0.5')
  })

  test('a crash of Python is shown, and it is started again', async () => {
    const { app, page, say, answer } = await start()
    await say(question)
    await answer()
    const [python] = app.pythons()
    if (python === undefined) throw new Error('The app has no Python.')
    process.kill(python.id, 'SIGKILL')
    const started = () => app.pythons().find(({ id }) => id !== python.id)
    await expect.poll(started, { interval: 20 }).toBeDefined()
    const { id = Number.NaN } = started() ?? {}
    // A restart takes a second, in which a busy machine may show nothing.
    process.kill(id, 'SIGSTOP')
    const notice = page.locator('.notice')
    await notice.getByText('The model process stopped and is being restarted.').waitFor()
    process.kill(id, 'SIGCONT')
    await notice.waitFor({ state: 'detached' })
    await say(story)
    expect(await answer()).toBe(answerTo(story))
    expect(app.pythons().map((one) => one.id)).toEqual([id])
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)('no Python is left after %s', async (signal) => {
    const { app, say, answer } = await start()
    await say('Hi.')
    await answer()
    const pythons = app.pythons()
    expect(pythons).toHaveLength(1)
    expect(await app.end(signal)).toBe(signal === 'SIGTERM' ? 0 : null)
    // A killed app can't wait for it.
    const limit = { timeout: signal === 'SIGTERM' ? 0 : 20_000 }
    await expect.poll(() => pythons.filter(({ id }) => isAlive(id)), limit).toEqual([])
  })

  test('a second instance ends, and opens no window', async () => {
    const { app, page } = await start()
    const second = await spawnApp({ app: program, runtime, desk: desk() })
    expect(await once(second, 'exit')).toEqual([0, null])
    expect(page.context().pages()).toHaveLength(1)
    if (runtime === 'the shim') await expect.poll(() => app.reported('focus')).not.toEqual([])
  })
}

/** Describes what belongs to the system, which only the shim lets a test use. */
function describeNativeParts(): void {
  const desk = useDesk()
  const start = () => startChat('the shim', desk())
  describeStart(desk, () => program)
  const apiSwitch = ['Extras', 'API for Other Programs']

  test('the API answers with its key, from the same Python, while it is on', async () => {
    const { app, say, answer } = await start()
    await say('Hi.')
    await answer()
    app.command({ answer: 'Copy Address' })
    app.command({ click: apiSwitch, of: 'app' })
    await expect.poll(() => app.reported('copy')).toHaveLength(1)
    app.command({ answer: 'Copy Key' })
    app.command({ click: ['Extras', 'API Address and Key…'], of: 'app' })
    await expect.poll(() => app.reported('copy')).toHaveLength(2)
    const [url, key] = z.tuple([z.string(), z.string()]).parse(app.reported('copy'))
    const ask = (headers: Record<string, string>) =>
      fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ messages: [{ role: 'user', content: question }] }),
      })
    expect((await ask({})).status).toBe(401)
    const response = await ask({ authorization: `Bearer ${key}` })
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: answerTo(question) } }] })
    expect(app.pythons()).toHaveLength(1)
    app.command({ click: apiSwitch, of: 'app' })
    await expect
      .poll(() =>
        ask({}).then(
          ({ status }) => status,
          () => 'refused',
        ),
      )
      .toBe('refused')
  })

  test('the shortcut opens a small window, whose conversation the main window lists too', async () => {
    const { app, page } = await start()
    app.command({ click: ['Extras', 'Quick Chat Shortcut'], of: 'app' })
    const opened = app.context.waitForEvent('page')
    app.command({ press: 'CommandOrControl+Shift+Space' })
    const quickChat = await opened
    await quickChat.getByRole('button', { name: story, exact: true }).click()
    await page.locator('nav').getByRole('button', { name: story, exact: true }).waitFor()
    expect(app.pythons()).toHaveLength(1)
  })

  test('links are opened in the browser, if they are https and the user agrees', async () => {
    const { app, page } = await start()
    const open = (url: string) => page.evaluate(`void open(${JSON.stringify(url)})`)
    await open('http://example.com/insecure')
    await open('https://example.com/refused')
    await expect.poll(() => app.reported('dialog')).toHaveLength(1)
    app.command({ answer: 'Open' })
    await open('https://example.com/agreed')
    await expect.poll(() => app.reported('openExternal')).toEqual(['https://example.com/agreed'])
    expect(app.reported('dialog')).toMatchObject([
      { detail: 'https://example.com/refused' },
      { detail: 'https://example.com/agreed' },
    ])
  })

  test('a window that was closed leaves the app in the tray, if it has an icon there', async () => {
    const { app, page } = await start()
    app.command({ click: ['Extras', 'Tray Icon'], of: 'app' })
    await page.close()
    const context = app.context
    app.command({ click: ['New Conversation'], of: 'tray' })
    const next = context.pages()[0] ?? (await context.waitForEvent('page'))
    await next.getByRole('textbox', { name: 'Message', exact: true }).waitFor()
    const ended = once(app.child, 'exit')
    app.command({ click: ['quit'], of: 'tray' })
    expect(await ended).toEqual([0, null])
  })
}

/** Gives each suite a home and a screen. */
function useDesk(): () => Desk {
  let desk: Desk | undefined
  beforeAll(async () => {
    desk = await createDesk()
  })
  afterAll(async () => desk?.[Symbol.asyncDispose]())
  return () => {
    if (desk === undefined) throw new Error('There is a desk once the tests run.')
    return desk
  }
}

/** Starts the app, and waits until one can ask something. It is killed after the test, if it still runs. */
async function startChat(runtime: Runtime, desk: Desk): Promise<DesktopChat> {
  const app = await DesktopApp.start({ app: program, runtime, desk })
  onTestFinished(async () => void (await app.end('SIGKILL')))
  return DesktopChat.open(app)
}
