import { type Dirent, existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve, sep } from 'node:path'
import type { Language } from '../choices.ts'
import { CreateError, UsageError } from '../errors.ts'
import { foldersUpFrom } from '../machine/folders.ts'
import { isScopedName, nameFromDirectory, packageNameProblem } from '../project/package-name.ts'
import { distributionNameProblem } from '../project/python-package-name.ts'
import { explainError, systemErrorCode } from '../system-errors.ts'

/** Where a project goes, and what it is called. */
export interface Target {
  /** Absolute path of the folder. */
  path: string
  /** The name of the project, which npm accepts. */
  name: string
}

/** Entries that don't keep a folder from counting as empty. */
const ignoredEntries = new Set(['.git', '.DS_Store', 'Thumbs.db'])

/** How many entries an error lists. */
const longestList = 10

const chooseAnotherName = 'Choose another name for the folder.'

/** @throws UsageError if npm or, for a Python project, PyPI would not accept a name. */
export function requireValidName(name: string | undefined, language: Language): void {
  if (name === undefined) return
  const problem = language === 'python' ? distributionNameProblem(name) : packageNameProblem(name)
  if (problem !== undefined) throw new UsageError(`"${name}" is not a valid package name. ${problem}`)
}

/** Returns an answer to a question for a path, in which no shell has replaced `~` yet. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}

/**
 * Returns a folder and the name that it gives to the project. `@scope/name` is a name whose folder is `name`, and any
 * other text is a path.
 */
export function parseTarget(directory: string, workingDirectory: string): Target {
  if (isScopedName(directory)) {
    const folder = directory.slice(directory.indexOf('/') + 1)
    return { path: requireUsablePath(resolve(workingDirectory, folder)), name: directory }
  }
  const path = requireUsablePath(resolve(workingDirectory, directory))
  return { path, name: nameFromDirectory(path) }
}

/**
 * Returns the path of a folder in which package managers and Python can work.
 *
 * @throws UsageError with what they can't have in a path.
 */
function requireUsablePath(path: string): string {
  // npm removes what it did not install there, and tools treat it as foreign code.
  if (path.split(sep).includes('node_modules'))
    throw new UsageError('A project cannot be in a folder named node_modules.')
  // npm puts the project's programs on the PATH, and Python refuses to make an environment there.
  if (path.includes(delimiter)) {
    throw new UsageError(`The path contains "${delimiter}", which separates folders in PATH: ${path}`, {
      hints: [chooseAnotherName],
    })
  }
  if (/[\n\r]/.test(path)) {
    throw new UsageError(`The path contains a line break: ${JSON.stringify(path)}`, {
      hints: [chooseAnotherName],
    })
  }
  return path
}

/** What programs of a project can't have in a path. Most take it for a part of a URL, a pattern or a shell's variable. */
const unusable = {
  typescript: [
    { characters: /[#?%*]/, program: 'Vite' },
    { characters: /\\/, program: 'Node.js' },
  ],
  python: [{ characters: /["$`]/, program: 'pip' }],
} as const satisfies Record<Language, readonly { characters: RegExp; program: string }[]>

/** @throws UsageError if a program of a project in this language can't work in a path. */
export function requirePathFor(language: Language, path: string): void {
  for (const { characters, program } of unusable[language]) {
    const [found] = characters.exec(path) ?? []
    if (found === undefined) continue
    throw new UsageError(`The path contains ${found}, with which ${program} can't work: ${path}`, {
      hints: [chooseAnotherName],
    })
  }
}

const biomeConfigurations = ['biome.json', 'biome.jsonc', '.biome.json', '.biome.jsonc']

/** Whether Biome has a configuration in a folder above this one. */
export function isBelowBiome(path: string): boolean {
  return foldersUpFrom(dirname(path)).some((folder) =>
    biomeConfigurations.some((name) => existsSync(join(folder, name))),
  )
}

/**
 * Checks that a target does not exist, or is an empty folder. With `force` any folder is accepted.
 *
 * @throws CreateError that lists what exists already.
 */
export function requireEmptyFolder(target: Target, force: boolean): void {
  const entries = readEntries(target.path)
  if (entries === undefined) return
  const existing = entries.filter((entry) => !ignoredEntries.has(entry.name))
  if (existing.length === 0 || force) return
  const shown = existing
    .slice(0, longestList)
    .map((entry) => `  ${entry.name}${entry.isDirectory() ? '/' : ''}`)
  const more = existing.length - shown.length
  throw new CreateError(`The folder is not empty: ${target.path}`, {
    hints: [
      ...shown,
      ...(more > 0 ? [`  and ${more} more`] : []),
      'Choose another folder, or add --force. It overwrites only files with the same names, and lists them.',
    ],
  })
}

/** Returns the entries of a folder; undefined if nothing has this name yet. */
function readEntries(path: string): Dirent[] | undefined {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) return undefined
    if (!statSync(path).isDirectory()) {
      throw new CreateError(`A file with this name already exists: ${path}`, { hints: [chooseAnotherName] })
    }
    return readdirSync(path, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1))
  } catch (error) {
    if (error instanceof CreateError) throw error
    const code = systemErrorCode(error)
    if (code === 'ENOENT') {
      throw new CreateError(`A broken symbolic link with this name already exists: ${path}`, {
        hints: [chooseAnotherName],
      })
    }
    if (code === 'ENOTDIR') {
      throw new CreateError(`Part of this path is a file: ${path}`, { hints: [chooseAnotherName] })
    }
    throw new CreateError(`Could not read the folder ${path}: ${explainError(error)}`, {
      hints: ['Choose another folder, or fix the problem and run the same command again.'],
      cause: error,
    })
  }
}
