/** Generates the module that replaces `src/page-files.ts` in the published package. */
import { isUtf8 } from 'node:buffer'

/**
 * Returns a module with the exports of `src/page-files.ts` that contains the files of the chat page.
 *
 * @param files the files of the built page, by relative path with slashes.
 */
export function createPageModule(files: ReadonlyMap<string, Uint8Array>): string {
  const entries = [...files]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, bytes]) => `  [${JSON.stringify(path)}, ${toExpression(Buffer.from(bytes))}],`)
  return `/** The files of the chat page. */
const encoder = new TextEncoder()
const files = new Map([
${entries.join('\n')}
])

/** Returns the contents of a file of the chat page, or undefined if it does not exist. */
export async function readPageFile(path) {
  return files.get(path)
}
`
}

/** Returns an expression for the contents. Text stays text, because it compresses better than base64. */
function toExpression(bytes: Buffer): string {
  if (isUtf8(bytes)) return `encoder.encode(${JSON.stringify(bytes.toString())})`
  return `new Uint8Array(Buffer.from('${bytes.toString('base64')}', 'base64'))`
}
