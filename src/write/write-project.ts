import * as nodeFileSystem from 'node:fs'
import { dirname, join } from 'node:path'
import { CreateError } from '../errors.ts'
import { explainError } from '../system-errors.ts'
import { writeIntoExistingFolder } from './existing-folder.ts'
import { asCreateError, type FileSystem, workspaceName, writeFiles } from './write-files.ts'

export interface WriteOptions {
  /** Files of the user may be overwritten. */
  force: boolean
  signal: AbortSignal
  /** Another file system, for tests of what happens when an operation fails. */
  fileSystem?: FileSystem
}

export interface WriteResult {
  /** Files of the user, now replaced, by the names that they had. */
  overwritten: string[]
  /** A folder of this tool's own that could not be removed at the end. */
  left?: string
}

/**
 * Writes a project, all of it or nothing: a new folder is made beside its place and then renamed; in a
 * folder that is there already each file is moved into place, and moved back when one can't be.
 *
 * @param target absolute path of the folder.
 * @param files bytes by path (with `/`).
 * @throws CreateError when it can't be written, InterruptedError when the signal came; the disk is then as before.
 */
export async function writeProject(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  { force, signal, fileSystem = nodeFileSystem }: WriteOptions,
): Promise<WriteResult> {
  try {
    if (fileSystem.existsSync(target))
      return await writeIntoExistingFolder(target, files, force, signal, fileSystem)
    await writeNewFolder(target, files, signal, fileSystem)
    return { overwritten: [] }
  } catch (error) {
    throw asCreateError(error, target)
  }
}

async function writeNewFolder(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal,
  fileSystem: FileSystem,
): Promise<void> {
  const parent = dirname(target)
  const staging = join(parent, workspaceName())
  const made: string[] = []
  try {
    makeFolders(parent, made, fileSystem)
    await writeFiles(staging, files, signal, fileSystem)
    if (fileSystem.existsSync(target))
      throw new CreateError(`Something else made this folder just now: ${target}`)
    fileSystem.renameSync(staging, target)
  } catch (error) {
    cleanUp(staging, made, fileSystem, error)
    throw error
  }
}

/** Makes a folder and those above it that are missing, one by one: each can then be taken away again. */
function makeFolders(folder: string, made: string[], fileSystem: FileSystem): void {
  if (fileSystem.existsSync(folder)) return
  makeFolders(dirname(folder), made, fileSystem)
  fileSystem.mkdirSync(folder)
  made.push(folder)
}

/** @throws CreateError that says what is left when it can't be removed. */
function cleanUp(staging: string, made: readonly string[], fileSystem: FileSystem, reason: unknown): void {
  try {
    if (fileSystem.existsSync(staging)) fileSystem.rmSync(staging, { recursive: true })
    for (const folder of [...made].reverse()) {
      // Somebody else may have put something there since: then it stays.
      if (fileSystem.readdirSync(folder).length > 0) return
      fileSystem.rmdirSync(folder)
    }
  } catch (error) {
    throw new CreateError(
      `Writing failed: ${explainError(reason)}. So did cleaning up: ${explainError(error)}.`,
      {
        hints: [`Remove by hand what is left: ${staging}`],
        cause: new AggregateError([reason, error]),
      },
    )
  }
}
