import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Suffixes of programs on Windows, where npm itself is a script. */
const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']

/** Returns the path of the first program with this name on the PATH. */
export function findOnPath(program: string, environment: NodeJS.ProcessEnv): string | undefined {
  const folders = (environment.PATH ?? environment.Path ?? '').split(delimiter)
  return folders
    .filter((folder) => folder !== '')
    .flatMap((folder) => suffixes.map((suffix) => join(folder, program + suffix)))
    .find(isProgram)
}

/** Whether a path is a file that this user may execute. */
export function isProgram(path: string): boolean {
  try {
    // Most candidates do not exist, and a thrown error would take longer than everything else.
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // This user may not look at it or run it.
    return false
  }
}
