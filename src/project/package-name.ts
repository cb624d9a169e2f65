import { basename } from 'node:path'

/** The most characters that npm allows in a name. */
const longestName = 214

/** Names that npm reserves or that shadow something a project needs. */
const reserved = new Set(['node_modules', 'favicon.ico'])

/** Returns why npm would not accept a package name, as a sentence; undefined if it would. */
export function packageNameProblem(name: string): string | undefined {
  if (name === '') return 'A name must not be empty.'
  if (name !== name.trim()) return 'A name must not begin or end with a space.'
  if (name.length > longestName) return `A name must not have more than ${longestName} characters.`
  if (name !== name.toLowerCase()) return 'A name must not contain capital letters.'
  const scoped = /^@([^/]*)\/([^/]*)$/.exec(name)
  const parts = scoped === null ? [name] : [scoped[1] ?? '', scoped[2] ?? '']
  for (const part of parts) {
    if (part === '') return 'A scoped name must have the form @scope/name.'
    if (/^[._]/.test(part)) return 'A name must not begin with a dot or an underscore.'
    const odd = /[^a-z0-9._-]/.exec(part)
    if (odd !== null) {
      return `A name may contain only a-z, 0-9, "-", "_" and ".", but not "${characterAt(part, odd.index)}".`
    }
  }
  if (reserved.has(name)) return `The name ${name} is reserved.`
  return undefined
}

/**
 * Returns a package name made from the name of a folder: `my-app` for `My App`. It is `mlx-app` if no character can be
 * used, as in another script.
 */
export function nameFromDirectory(path: string): string {
  const folder = basename(path)
  if (packageNameProblem(folder) === undefined) return folder
  const name = folder
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}+/gu, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|[-.]+$/g, '')
    .slice(0, longestName)
  return packageNameProblem(name) === undefined ? name : 'mlx-app'
}

/** Whether a text is a scoped name, `@scope/name`. As a folder it means `name`. */
export function isScopedName(text: string): boolean {
  return text.startsWith('@') && packageNameProblem(text) === undefined
}

function characterAt(text: string, index: number): string {
  return String.fromCodePoint(text.codePointAt(index) ?? 0)
}
