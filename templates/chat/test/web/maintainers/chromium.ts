import { type Browser, chromium } from 'playwright-core'
import { programOfDebian } from '#testing/maintainers/debian'

/**
 * Starts the browser that CHROMIUM_PATH names, or Debian's.
 *
 * @throws Error where there is none: no test of the page is skipped.
 */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? programOfDebian('chromium')
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
}
