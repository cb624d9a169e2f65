/**
 * The files of the chat page. In the repository they are read as `packages/chat-page` was last built; in the published
 * package `dist/page-files.js` is another module, which holds them as data: see scripts/page-module.ts.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const folder = new URL('../../chat-page/dist/', import.meta.url)

/**
 * The bytes of a file of the page; undefined where there is none.
 *
 * @param path relative, with slashes: `index.html`, `assets/index-T7VoWeUi.js`.
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
