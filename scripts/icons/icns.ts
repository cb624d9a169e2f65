/** The types of PNG images in an .icns file by size in pixels: https://en.wikipedia.org/wiki/Apple_Icon_Image_format. */
const types = { 32: 'ic11', 64: 'ic12', 128: 'ic07', 256: 'ic08', 512: 'ic09', 1024: 'ic10' } as const

/** A size that an image in an .icns file can have, in pixels. */
export type IconSize = keyof typeof types

/** Returns an .icns file with PNG images, which are given by their size in pixels. */
export function icns(images: ReadonlyMap<IconSize, Uint8Array>): Buffer {
  const parts = Array.from(images, ([size, png]) => block(types[size], png))
  return block('icns', Buffer.concat(parts))
}

/** Returns a type of four letters, the length of the whole block, and its content. */
function block(type: string, content: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(8 + content.length)
  return Buffer.concat([Buffer.from(type, 'latin1'), length, content])
}
