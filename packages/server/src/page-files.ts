/**
 * Reads the files of the chat page. In the repository, they come from the last build of `packages/chat-page`. In the
 * published package, `dist/page-files.js` is a generated module that contains them (see scripts/page-module.ts).
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const folder = new URL('../../chat-page/dist/', import.meta.url)

/**
 * Returns the contents of a file of the chat page, or undefined if it does not exist.
 *
 * @param path a relative path with slashes, such as `index.html` or `assets/index-T7VoWeUi.js`.
 */
export async function readPageFile(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(fileURLToPath(new URL(path, folder))))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return undefined
    throw error
  }
}
