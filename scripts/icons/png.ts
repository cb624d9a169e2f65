import { constants, crc32, deflateSync } from 'node:zlib'

/** Returns a square image as a PNG. @param pixels red, green, blue and alpha of each pixel, from the top left. */
export function png(pixels: Buffer, size: number): Buffer {
  const bytesPerLine = size * 4
  const lines = Array.from({ length: size }, (_, y) =>
    pixels.subarray(y * bytesPerLine, (y + 1) * bytesPerLine),
  )
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  // Eight bits for each of the four channels.
  header.set([8, 6], 8)
  // Each line begins with its filter. For flat drawings, none is best.
  const filtered = Buffer.concat(lines.flatMap((line) => [Buffer.from([0]), line]))
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered, { level: constants.Z_BEST_COMPRESSION, memLevel: 9 })),
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
