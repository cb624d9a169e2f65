/** What is sent is at most so many pixels wide and high: models see no more, and the request stays small. */
const maxPixels = 1024
/** Pictures of cameras have some 10 MB; a larger file is a mistake. */
const maxFileBytes = 40_000_000

export const maxImages = 4

/** The images among files that were attached, pasted or dropped. */
export function filterImages(files: FileList | undefined | null): File[] {
  return [...(files ?? [])].filter(({ type }) => type.startsWith('image/'))
}

/**
 * A picture as a data URL, scaled down in a canvas, which also drops what a camera writes into it (place, time).
 *
 * @throws Error with words for the person at the page.
 */
export async function readImage(file: File): Promise<string> {
  if (file.size > maxFileBytes) throw new Error(`${file.name} is larger than ${maxFileBytes / 1_000_000} MB.`)
  const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
    throw new Error(`${file.name} is no picture that this browser can read.`, { cause })
  })
  const scale = Math.min(1, maxPixels / Math.max(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('This browser can not draw pictures.')
  // JPEG has no transparency; without a ground it would turn black.
  context.fillStyle = 'white'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  return canvas.toDataURL('image/jpeg', 0.85)
}
