import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Names of folders in which projects work, with every character that their programs can have in a path. */
export const oddNames = {
  typescript: `[slug] it's "q" & $HOME \`x\` ; {a,b} (x) ! ~ @x + | <y> ^ = , é 🙂 `,
  python: "[slug] #1? 50% it's * & ; {a,b} (x) ! ~ @x + | <y> ^ = , é 🙂 ",
}

/** Creates a folder for the current test. @param name a part of its path, for example with spaces. */
export function temporaryFolder(name = 'create mlx ü'): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files and creates their folders. */
export function writeTree(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

/** Creates a folder for the PATH of the current test, with empty programs of these names. */
export function folderWithPrograms(...names: string[]): string {
  const folder = temporaryFolder()
  writeTree(folder, Object.fromEntries(names.map((name) => [name, ''])))
  for (const name of names) chmodSync(join(folder, name), 0o755)
  return folder
}

/** Returns the contents of a folder: the text of files by path, and '' for folders, whose paths end in a slash. */
export function readTree(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const place = join(entry.parentPath, entry.name)
    const path = place.slice(folder.length + 1)
    if (entry.isDirectory()) found[`${path}/`] = ''
    else if (entry.isSymbolicLink()) found[path] = `-> ${readlinkSync(place)}`
    else found[path] = readFileSync(place, 'utf8')
  }
  return found
}
