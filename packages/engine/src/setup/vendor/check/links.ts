/** Checks that the output contains everything itself. */
import { readlink, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, resolve, sep } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import type { FileEntry } from '../files.ts'

/**
 * Checks that no file of a folder is a hard link, whose other name would change with it, and that no symbolic link leads
 * out of the folder.
 *
 * @throws EngineError UNSUPPORTED
 */
export async function requireNoLinksOut(folder: string, files: readonly FileEntry[]): Promise<void> {
  const root = await realpath(folder)
  for (const file of files) {
    const problem = await problemOf(file, root)
    if (problem !== undefined) throw new EngineError('UNSUPPORTED', `${file.path} ${problem}.`)
  }
}

async function problemOf({ path, isLink, links }: FileEntry, root: string): Promise<string | undefined> {
  if (!isLink) return links > 1 ? 'is a hard link to a file outside' : undefined
  const target = await readlink(path)
  if (isAbsolute(target)) return `is a link to ${target}, which is not a relative path`
  try {
    const real = await realpath(resolve(dirname(path), target))
    return real.startsWith(root + sep) ? undefined : `is a link to ${real}, which is outside`
  } catch {
    // There is no such file.
    return `is a link to ${target}, which does not exist`
  }
}
