import { readFileSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'

/** Returns a folder and those that it is in, from the inside out. */
export function foldersUpFrom(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersUpFrom(parent)]
}

/** Returns the path of a folder relative to one that it is in, with `/`. */
export function pathBelow(root: string, folder: string): string {
  return relative(root, folder).split(sep).join('/')
}

/** Returns the text of a file; undefined if there is none that can be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
