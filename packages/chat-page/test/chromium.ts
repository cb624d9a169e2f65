import { type Browser, chromium } from 'playwright-core'
import { program } from '../../../test/support/programs/find.ts'

/**
 * Starts the browser that CHROMIUM_PATH names, or the one on the PATH.
 *
 * @throws MissingProgramError where there is none.
 */
export function launchChromium(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: program('chromium'), args })
}
