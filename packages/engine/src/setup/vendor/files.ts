/** The files of a folder: their sizes, and what is to be deleted. */
import { lstat, readdir, rm, rmdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** A file or a link in a folder. */
export interface FileEntry {
  /** The absolute path. */
  path: string
  /** The path from the folder, with slashes. */
  name: string
  bytes: number
  isLink: boolean
  /** How many names the file has; more than 1 for a hard link. */
  links: number
}

/** Returns all files and links in a folder and below, sorted by name. */
export async function listFiles(folder: string): Promise<FileEntry[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return await Promise.all(
    paths.map(async (path) => {
      const status = await lstat(path)
      const name = relative(folder, path).split(sep).join('/')
      return { path, name, bytes: status.size, isLink: status.isSymbolicLink(), links: status.nlink }
    }),
  )
}

/** Returns the sum of the sizes of all files in a folder, in bytes. */
export async function folderBytes(folder: string): Promise<number> {
  const files = await listFiles(folder)
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Deletes the files whose name matches one of the patterns, and the folders that are empty then. */
export async function deleteMatching(folder: string, patterns: readonly RegExp[]): Promise<void> {
  const files = await listFiles(folder)
  const matching = files.filter(({ name }) => patterns.some((pattern) => pattern.test(name)))
  await Promise.all(matching.map(({ path }) => rm(path)))
  await deleteEmptyFolders(folder)
}

/** Deletes the empty folders in a folder. @returns whether the folder itself is empty then. */
async function deleteEmptyFolders(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true })
  const deleted = await Promise.all(
    entries.map(async (entry) => {
      if (!entry.isDirectory()) return false
      const path = join(folder, entry.name)
      const empty = await deleteEmptyFolders(path)
      if (empty) await rmdir(path)
      return empty
    }),
  )
  return deleted.every((each) => each)
}
