import { constants, crc32, deflateSync } from 'node:zlib'

/**
 * Returns a square image with at most 256 colours as a PNG. A palette makes it three times smaller than four channels.
 *
 * @param pixels red, green, blue and alpha of each pixel, from the top left.
 * @throws Error if there are more colours.
 */
export function png(pixels: Buffer, size: number): Buffer {
  const palette = new Map<number, number>()
  const lines = Array.from({ length: size }, (_, y) => {
    // Each line begins with its filter. For flat drawings, none is best.
    const line = Buffer.alloc(1 + size)
    for (let x = 0; x < size; x++) {
      const colour = pixels.readUInt32BE((y * size + x) * 4)
      const index = palette.get(colour) ?? palette.size
      palette.set(colour, index)
      line[1 + x] = index
    }
    return line
  })
  if (palette.size > 256) throw new Error(`The image has ${palette.size} colours, more than 256.`)
  const colours = [...palette.keys()]
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  // Eight bits for each index.
  header.set([8, 3], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk(
      'PLTE',
      Buffer.from(colours.flatMap((colour) => [colour >>> 24, (colour >>> 16) & 255, (colour >>> 8) & 255])),
    ),
    chunk('tRNS', Buffer.from(colours.map((colour) => colour & 255))),
    chunk('IDAT', deflateSync(Buffer.concat(lines), { level: constants.Z_BEST_COMPRESSION, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Returns the length, the type, the content and the checksum. */
function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const length = Buffer.alloc(4)
  const checksum = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
