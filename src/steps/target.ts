import { type Dirent, lstatSync, readdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { CreateError, systemErrorCode, UsageError } from '../errors.ts'
import { isScopedName, nameFromDirectory, packageNameProblem } from '../project/package-name.ts'
import { explainError } from '../system-errors.ts'

/** Where a project goes. */
export interface Target {
  /** Absolute path of the folder. */
  path: string
  /** npm name of the project. */
  name: string
}

/** What may lie in a folder that still counts as empty. */
const harmless = new Set(['.git', '.DS_Store', 'Thumbs.db'])

const longestList = 10

const otherName = 'Choose another name for the folder.'

/**
 * Works out folder and name. `@scope/name` is a name whose folder is `name`; every other text is a path.
 *
 * @param name npm name that was asked for.
 * @throws UsageError when npm would not take that name.
 */
export function parseTarget(directory: string, name: string | undefined, workingDirectory: string): Target {
  if (name !== undefined) {
    const problem = packageNameProblem(name)
    if (problem !== undefined) throw new UsageError(`The name "${name}" can't be used. ${problem}`)
  }
  if (isScopedName(directory)) {
    const folder = directory.slice(directory.indexOf('/') + 1)
    return { path: resolve(workingDirectory, folder), name: name ?? directory }
  }
  const path = resolve(workingDirectory, directory)
  return { path, name: name ?? nameFromDirectory(path) }
}

/**
 * Refuses a target that is something else than a folder, and a folder that is not empty unless forced.
 *
 * @throws CreateError that lists what is in the way.
 */
export function requireEmptyFolder(target: Target, force: boolean): void {
  const found = entriesOf(target.path)
  if (found === undefined) return
  const inTheWay = found.filter((entry) => !harmless.has(entry.name))
  if (inTheWay.length === 0 || force) return
  const shown = inTheWay
    .slice(0, longestList)
    .map((entry) => `  ${entry.name}${entry.isDirectory() ? '/' : ''}`)
  const more = inTheWay.length - shown.length
  throw new CreateError(`The folder is not empty: ${target.path}`, {
    hints: [
      ...shown,
      ...(more > 0 ? [`  and ${more} more`] : []),
      'Choose another folder, or add --force: it overwrites only files of the same name, and says which.',
    ],
  })
}

/** What lies in the folder; undefined when nothing has this name yet. */
function entriesOf(path: string): Dirent[] | undefined {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) return undefined
    if (!statSync(path).isDirectory()) {
      throw new CreateError(`A file is in the way: ${path}`, {
        hints: [otherName],
      })
    }
    return readdirSync(path, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1))
  } catch (error) {
    if (error instanceof CreateError) throw error
    const code = systemErrorCode(error)
    if (code === 'ENOENT') {
      throw new CreateError(`A link that leads nowhere is in the way: ${path}`, { hints: [otherName] })
    }
    if (code === 'ENOTDIR') {
      throw new CreateError(`A file is in the way of the folder: ${path}`, { hints: [otherName] })
    }
    throw new CreateError(`The folder can't be read: ${path}: ${explainError(error)}`, {
      hints: ['Choose another place, or mend this one and run the same command again.'],
      cause: error,
    })
  }
}
