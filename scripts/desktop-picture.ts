/**
 * Takes the picture of the desktop app for the README, in the shim of Electron's API:
 *
 *   npx tsx scripts/desktop-picture.ts PROGRAM FILE
 *
 * PROGRAM is the one of a packaged app with the hello model, such as dist/linux-unpacked/my-desk.
 */
import { statSync } from 'node:fs'
import { createDesk, DesktopApp } from '../test/support/desktop-app.ts'
import { DesktopChat } from '../test/support/desktop-chat.ts'

const maxBytes = 50_000

const [, , program, file] = process.argv
if (program === undefined || file === undefined) throw new Error('Usage: desktop-picture.ts PROGRAM FILE')

await using desk = await createDesk()
const app = await DesktopApp.start({ app: program, runtime: 'the shim', desk })
try {
  const { page, say, answer } = await DesktopChat.open(app)
  await page.setViewportSize({ width: 802, height: 520 })
  await page.emulateMedia({ colorScheme: 'dark' })
  for (const question of ['What is MLX?', 'Who are you?']) {
    await say(question)
    await answer()
  }
  await page.getByRole('textbox', { name: 'Message', exact: true }).blur()
  await page.mouse.move(0, 0)
  await page.screenshot({ path: file })
} finally {
  await app.quit()
}

const { size } = statSync(file)
console.log(`${file}: ${size} bytes`)
if (size > maxBytes) throw new Error(`The picture is larger than ${maxBytes} bytes.`)
