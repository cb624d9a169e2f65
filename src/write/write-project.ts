import * as nodeFileSystem from 'node:fs'
import { dirname, join } from 'node:path'
import { CreateError } from '../errors.ts'
import { explainError } from '../system-errors.ts'
import { writeIntoExistingFolder } from './existing-folder.ts'
import {
  asCreateError,
  createFolders,
  type FileSystem,
  temporaryFolderName,
  type WriteResult,
  writeFiles,
} from './write-files.ts'

export interface WriteOptions {
  /** Whether files of the user may be overwritten. */
  force: boolean
  signal: AbortSignal
  /** Another file system, for tests of what happens when an operation fails. */
  fileSystem?: FileSystem
}

/**
 * Writes a project completely or not at all. A new folder is written beside its place and then renamed. In an existing
 * folder each file is moved into place, and moved back if a later one fails.
 *
 * @param target absolute path of the folder.
 * @param files bytes by path (with `/`).
 * @throws CreateError when it can't be written, and InterruptedError on a signal. Nothing has changed on disk then.
 */
export async function writeProject(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  { force, signal, fileSystem = nodeFileSystem }: WriteOptions,
): Promise<WriteResult> {
  try {
    if (fileSystem.existsSync(target)) {
      return await writeIntoExistingFolder(target, files, force, signal, fileSystem)
    }
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
  const staging = join(parent, temporaryFolderName())
  const created: string[] = []
  try {
    createFolders(parent, fileSystem, (folder) => created.push(folder))
    await writeFiles(staging, files, signal, fileSystem)
    if (fileSystem.existsSync(target)) {
      throw new CreateError(`Another program has created this folder in the meantime: ${target}`)
    }
    fileSystem.renameSync(staging, target)
  } catch (error) {
    cleanUp(staging, created, fileSystem, error)
    throw error
  }
}

/** @throws CreateError that names what is left when it can't be removed. */
function cleanUp(staging: string, created: readonly string[], fileSystem: FileSystem, reason: unknown): void {
  try {
    if (fileSystem.existsSync(staging)) fileSystem.rmSync(staging, { recursive: true })
    for (const folder of [...created].reverse()) {
      // Another program may have put something there in the meantime.
      if (fileSystem.readdirSync(folder).length > 0) return
      fileSystem.rmdirSync(folder)
    }
  } catch (error) {
    throw new CreateError(
      `Writing failed: ${explainError(reason)}. Cleaning up failed too: ${explainError(error)}.`,
      {
        hints: [`Remove what is left: ${staging}`],
        cause: new AggregateError([reason, error]),
      },
    )
  }
}
