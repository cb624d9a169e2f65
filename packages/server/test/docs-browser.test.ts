import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { needs } from '../../../test/support/programs/needs.ts'
import { launchChromium } from '../../chat-page/test/chromium.ts'
import { useServer } from './support.ts'

const shared = useServer()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const found = z.array(z.object({ id: z.string(), impact: z.string().nullable() }))

let browser: Browser | undefined
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser?.close())

test.each([
  { colorScheme: 'light' as const, width: 1280 },
  { colorScheme: 'dark' as const, width: 1280 },
  { colorScheme: 'light' as const, width: 360 },
])(
  'the page can be read in $colorScheme, $width pixels wide',
  needs('chromium'),
  async ({ colorScheme, width }) => {
    const page = await browser?.newPage({ colorScheme, viewport: { width, height: 800 } })
    if (page === undefined) throw new Error('The browser is there once the tests run.')
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${shared.server.url}/docs`)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('MLX server')
    const request = page.locator('#createChatCompletion')
    expect(await request.getByText('temperature', { exact: true }).isVisible()).toBe(true)
    await page
      .getByRole('navigation')
      .getByRole('link', { name: /messages\/count_tokens/ })
      .click()
    expect(await page.locator('#countMessageTokens:target').count()).toBe(1)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    const violations = found.parse(
      await page.evaluate(`${axe}; axe.run().then(({ violations }) => violations)`),
    )
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
    expect(complaints).toEqual([])
    await page.close()
  },
)
