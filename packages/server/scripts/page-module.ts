/** Writes the module that stands in the place of `src/page-files.ts` in the published package. */
import { isUtf8 } from 'node:buffer'

/**
 * A module with the exports of `src/page-files.ts` that holds the files of the chat page as data and looks nothing up.
 *
 * @param files the files of the built page by their path, relative and with slashes.
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

/** The bytes of a file of the page; undefined where there is none. */
export async function readPageFile(path) {
  return files.get(path)
}
`
}

/** Text stays text, which packs to less than base64. */
function toExpression(bytes: Buffer): string {
  if (isUtf8(bytes)) return `encoder.encode(${JSON.stringify(bytes.toString())})`
  return `new Uint8Array(Buffer.from('${bytes.toString('base64')}', 'base64'))`
}
