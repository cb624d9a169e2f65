/** Takes the screenshot of the chat page for the README: `npx tsx packages/chat-page/screenshot.ts FILE`. */
import { statSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { launchChromium } from './test/chromium.ts'
import { startPageServer } from './test/server.ts'

const maxBytes = 40_000

const path = process.argv[2]
if (path === undefined) throw new Error('Usage: screenshot.ts FILE')

const server = await startPageServer()
try {
  const browser = await launchChromium()
  try {
    await draw(browser, path)
  } finally {
    await browser.close()
  }
} finally {
  await server.close()
}

const { size } = statSync(path)
console.log(`${path}: ${size} bytes`)
if (size > maxBytes) throw new Error(`The image is larger than ${maxBytes} bytes.`)

async function draw(browser: Browser, path: string): Promise<void> {
  // Below 50rem, the conversations are hidden.
  const page = await browser.newPage({ viewport: { width: 802, height: 550 }, colorScheme: 'light' })
  await page.goto(server.url)
  for (const question of ['Hi.', 'Does it work?', 'Show me some code.']) {
    if (question === 'Does it work?') await page.getByRole('button', { name: 'New conversation' }).click()
    await page.locator('.composer').waitFor()
    await page.getByRole('textbox', { name: 'Message' }).fill(question)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.bubble', { hasText: question }).waitFor()
    await page.locator('.answer:last-child .turn-actions').waitFor()
  }
  await page.getByRole('textbox', { name: 'Message' }).blur()
  await page.mouse.move(0, 0)
  await page.screenshot({ path })
}
