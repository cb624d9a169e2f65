/** The maximum width and height of images that are sent. Models use no more, and requests stay small. */
const maxPixels = 1024
/** The maximum size of an image file. Photos have about 10 MB. */
const maxFileBytes = 40_000_000

export const maxImages = 4

/** Returns the images among attached, pasted or dropped files. */
export function filterImages(files: FileList | undefined | null): File[] {
  return [...(files ?? [])].filter(({ type }) => type.startsWith('image/'))
}

/**
 * Reads an image as a data URL. Scaling it down in a canvas also removes camera metadata such as place and time.
 *
 * @throws Error with a message for the user.
 */
export async function readImage(file: File): Promise<string> {
  if (file.size > maxFileBytes) throw new Error(`${file.name} is larger than ${maxFileBytes / 1_000_000} MB.`)
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new Error(`${file.name} is not an image that this browser can read.`, { cause })
  })
  const scale = Math.min(1, maxPixels / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser cannot process images.')
  // JPEG has no transparency. Without a background, transparent areas would turn black.
  context.fillStyle = 'white'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  return canvas.toDataURL('image/jpeg', 0.85)
}
