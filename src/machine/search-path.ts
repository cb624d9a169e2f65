import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Windows adds these to the name of a program, npm's own being scripts. */
const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']

/** Path of the first program of this name on the PATH. */
export function findOnPath(program: string, environment: NodeJS.ProcessEnv): string | undefined {
  const folders = (environment.PATH ?? environment.Path ?? '').split(delimiter)
  return folders
    .filter((folder) => folder !== '')
    .flatMap((folder) => suffixes.map((suffix) => join(folder, program + suffix)))
    .find(isProgram)
}

/** Whether a path is a file that this user may run. */
export function isProgram(path: string): boolean {
  try {
    // Looked at first: most are not there, and an error that is thrown takes longer than all else.
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not ours to look at or to run: then it is none.
    return false
  }
}
