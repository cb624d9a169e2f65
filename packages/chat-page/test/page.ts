import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import * as z from 'zod'
import { launchChromium } from './chromium.ts'
import { type PageServer, startPageServer } from './server.ts'

/** The page in a browser, as one who uses it sees it. */
export interface Chat {
  page: Page
  /** Where one types. */
  message: Locator
  /** What the browser complained of. */
  complaints: string[]
  /** Types a message and sends it. */
  say(text: string): Promise<void>
  /** The text of the last answer, once it has ended. */
  answer(): Promise<string>
  button(name: string | RegExp): Locator
  /** Loads the page again, once the browser has kept what was changed: a person is slower than that, a test is not. */
  reload(): Promise<void>
  /** What axe finds that is serious or critical. */
  barriers(): Promise<string[]>
}

const axeReport = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullish(),
      nodes: z.array(z.object({ html: z.string() })),
    }),
  ),
})

/**
 * One server and one browser for all tests of a file; each page has a storage of its own.
 *
 * @param mcpConfig a file for MCP_CONFIG
 */
export function usePage(mcpConfig = '') {
  let server: PageServer | undefined
  let browser: Browser | undefined
  beforeAll(async () => {
    server = await startPageServer(mcpConfig)
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) {
      for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' })
      await context.close()
    }
  })
  const running = <Value>(value: Value | undefined): Value => {
    if (value === undefined) throw new Error('It is there once the tests run.')
    return value
  }
  return {
    findWorker: () => running(server).findWorker(),
    /** An answer beside those of the page; resolves with its first token. */
    startStream: (content: string) =>
      fetch(`${running(server).url}v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ messages: [{ role: 'user', content }], stream: true }),
      }),
    open: async (options: BrowserContextOptions = {}): Promise<Chat> => {
      const context = await running(browser).newContext({ baseURL: running(server).url, ...options })
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      const page = await context.newPage()
      page.setDefaultTimeout(60_000)
      const chat = chatOn(page)
      await page.goto('')
      await page.locator('.welcome button:enabled').first().waitFor()
      return chat
    },
  }
}

/** Resolves when all that was to be written before is. */
const writesDone = `new Promise((resolve, reject) => {
  const opening = indexedDB.open('chat')
  opening.onerror = reject
  opening.onsuccess = () => {
    const last = opening.result.transaction('conversations', 'readwrite')
    last.objectStore('conversations').count()
    last.oncomplete = () => resolve(opening.result.close())
  }
})`

function chatOn(page: Page): Chat {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const message = page.getByRole('textbox', { name: 'Message', exact: true })
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
  return {
    page,
    message,
    complaints,
    button,
    say: async (text) => {
      await message.fill(text)
      await message.press('Enter')
      await page.locator('.answer').last().waitFor()
    },
    answer: async () => {
      await page.locator('.answer:last-child .turn-actions').waitFor()
      return (await page.locator('.answer').last().locator('> .markdown').textContent()) ?? ''
    },
    reload: async () => {
      await page.evaluate(writesDone)
      await page.reload()
    },
    barriers: async () => {
      // Given to the page by the debugger, which its Content-Security-Policy does not bind.
      await page.evaluate(axe.source)
      const { violations } = axeReport.parse(await page.evaluate('axe.run()'))
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
    },
  }
}

/** Lets the network bring so few bytes in a second that an answer takes its time. */
export async function slowDown(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: -1,
  })
}

export function expectNoComplaints({ complaints }: Chat): void {
  expect(complaints).toEqual([])
}
