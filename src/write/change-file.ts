import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { CreateError } from '../errors.ts'
import { explainError } from '../system-errors.ts'

/** A change of a file of the user. */
export interface FileChange {
  /** Absolute path. */
  path: string
  /** The new text. */
  text: string
}

/**
 * Changes a file, whole or not at all.
 *
 * @param change undefined if there is nothing to change.
 * @returns a function that undoes the change.
 * @throws CreateError if the file can't be written.
 */
export function changeFile(change: FileChange | undefined): () => void {
  if (change === undefined) return () => undefined
  try {
    const path = realpathSync(change.path)
    const before = readFileSync(path, 'utf8')
    replace(path, change.text)
    return () => replace(path, before)
  } catch (error) {
    throw new CreateError(`Could not change ${change.path}: ${explainError(error)}`, {
      hints: ['Nothing was created. Fix the problem, or add --monorepo standalone.'],
      cause: error,
    })
  }
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, text, { mode: statSync(path).mode })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
