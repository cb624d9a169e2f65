import { basename } from 'node:path'

/** npm refuses more characters than this in a name. */
const longestName = 214

/** Names that npm refuses or that shadow something a project needs. */
const reserved = new Set(['node_modules', 'favicon.ico'])

/**
 * Says why npm would not take a text as the name of a package, in a sentence; undefined when it takes it.
 */
export function packageNameProblem(name: string): string | undefined {
  if (name === '') return 'A name has at least one character.'
  if (name !== name.trim()) return 'A name has no space before or after it.'
  if (name.length > longestName) return `A name has at most ${longestName} characters.`
  if (name !== name.toLowerCase()) return 'npm takes no capital letters in a name.'
  const scoped = /^@([^/]*)\/([^/]*)$/.exec(name)
  const parts = scoped === null ? [name] : [scoped[1] ?? '', scoped[2] ?? '']
  for (const part of parts) {
    if (part === '') return 'A scoped name is @scope/name.'
    if (/^[._]/.test(part)) return 'A name does not begin with a dot or an underscore.'
    const odd = /[^a-z0-9._-]/.exec(part)
    if (odd !== null) {
      return `A name has only a-z, 0-9, "-", "_" and "." (it goes into web addresses); "${characterAt(part, odd.index)}" is none of them.`
    }
  }
  if (reserved.has(name)) return `npm keeps the name ${name} for itself.`
  return undefined
}

/**
 * Makes a name that npm takes from the name of a folder: `My App` gives `my-app`. Where nothing of it can be
 * used (a name in another script), it is `mlx-app`.
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

/** True for `@scope/name`, which as a folder means `name`. */
export function isScopedName(text: string): boolean {
  return text.startsWith('@') && packageNameProblem(text) === undefined
}

function characterAt(text: string, index: number): string {
  return String.fromCodePoint(text.codePointAt(index) ?? 0)
}
