/** The icons of desktop apps, which `npx tsx scripts/icons/draw.ts` draws. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const build = new URL('../../templates/desktop/build/', import.meta.url)

describe('the icons', () => {
  const read = (name: string) => readFileSync(new URL(name, build))
  /** Returns the width and the height in the header of a PNG. */
  const sizeOf = (png: Buffer) => {
    expect(png.toString('latin1', 1, 4)).toBe('PNG')
    return [png.readUInt32BE(16), png.readUInt32BE(20)]
  }

  it('on Linux are one image of the size that electron-builder recommends', () => {
    expect(sizeOf(read('icon.png'))).toEqual([512, 512])
  })

  it('on macOS have all sizes from 32 to 1024 pixels', () => {
    const file = read('icon.icns')
    expect(file.toString('latin1', 0, 4)).toBe('icns')
    expect(file.readUInt32BE(4)).toBe(file.length)
    const found: Record<string, number[]> = {}
    for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) {
      found[file.toString('latin1', at, at + 4)] = sizeOf(file.subarray(at + 8))
    }
    expect(found).toEqual({
      ic11: [32, 32],
      ic12: [64, 64],
      ic07: [128, 128],
      ic08: [256, 256],
      ic09: [512, 512],
      ic10: [1024, 1024],
    })
  })
})
