/**
 * Draws the icons of desktop apps into templates/desktop/build, from the icon of the chat page: `npx tsx scripts/icons/draw.ts`.
 * Projects contain the results, because electron-builder would download a converter.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { launchChromium } from '../../packages/chat-page/test/chromium.ts'
import { type IconSize, icns } from './icns.ts'
import { png } from './png.ts'

const folder = new URL('../../templates/desktop/build/', import.meta.url)
const symbol = readFileSync(new URL('../../packages/chat-page/src/icon.svg', import.meta.url), 'utf8')

/** The share of the icon that is margin on each side. Apple's grid has 100 of 1024 pixels. */
const margins = { mac: 100 / 1024, linux: 1 / 32 }

const browser = await launchChromium()
try {
  const page = await browser.newPage()
  const images = new Map<IconSize, Buffer>()
  for (const size of [32, 64, 128, 256, 512, 1024] as const)
    images.set(size, await draw(page, size, margins.mac))
  save('icon.icns', icns(images))
  save('icon.png', await draw(page, 512, margins.linux))
} finally {
  await browser.close()
}

/** Returns the icon as a PNG. */
async function draw(page: Page, size: number, margin: number): Promise<Buffer> {
  const address = `data:image/svg+xml,${encodeURIComponent(symbol)}`
  const inset = size * margin
  // It is a text because only pages have these classes. An array of numbers is what can be returned from a page.
  const pixels = await page.evaluate<number[]>(`(async () => {
    const image = new Image(${size}, ${size})
    image.src = ${JSON.stringify(address)}
    await image.decode()
    const context = new OffscreenCanvas(${size}, ${size}).getContext('2d')
    context.drawImage(image, ${inset}, ${inset}, ${size - 2 * inset}, ${size - 2 * inset})
    return Array.from(context.getImageData(0, 0, ${size}, ${size}).data)
  })()`)
  // Nobody sees the difference, and fewer colours give smaller files.
  const rounded = Buffer.from(
    pixels.map((value, index) => {
      const step = index % 4 === 3 ? 51 : 15
      return Math.round(value / step) * step
    }),
  )
  return png(rounded, size)
}

function save(name: string, bytes: Buffer): void {
  const path = fileURLToPath(new URL(name, folder))
  writeFileSync(path, bytes)
  console.log(`${path}: ${bytes.length} bytes`)
}
