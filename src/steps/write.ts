import * as nodeFileSystem from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { CreateError } from '../errors.ts'
import { fillFolder } from './fill.ts'
import { type FileSystem, told, writeFiles } from './write-files.ts'

export interface WriteOptions {
  /** Files of the user may be overwritten. */
  force: boolean
  signal: AbortSignal
  /** Another file system, for tests of what happens when an operation fails. */
  fileSystem?: FileSystem
}

export interface WriteResult {
  /** Files of the user, now replaced. */
  overwritten: string[]
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
    if (fileSystem.existsSync(target)) return await fillFolder(target, files, force, signal, fileSystem)
    await makeFolder(target, files, signal, fileSystem)
    return { overwritten: [] }
  } catch (error) {
    throw told(error, target)
  }
}

async function makeFolder(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal,
  fileSystem: FileSystem,
): Promise<void> {
  const parent = dirname(target)
  const firstMade = fileSystem.mkdirSync(parent, { recursive: true })
  const staging = join(parent, `.${basename(target).slice(0, 100)}.${process.pid}.making`)
  try {
    await writeFiles(staging, files, signal, fileSystem)
    if (fileSystem.existsSync(target))
      throw new CreateError(`Something else made this folder just now: ${target}`)
    fileSystem.renameSync(staging, target)
  } catch (error) {
    fileSystem.rmSync(staging, { recursive: true, force: true })
    if (firstMade !== undefined) removeEmpty(parent, firstMade, fileSystem)
    throw error
  }
}

/** Takes away the folders from `from` up to `first` that were made on the way. */
function removeEmpty(from: string, first: string, fileSystem: FileSystem): void {
  for (let folder = from; folder.length >= first.length; folder = dirname(folder)) {
    // Somebody else may have put something there since: then it stays.
    if (fileSystem.readdirSync(folder).length > 0) return
    fileSystem.rmdirSync(folder)
  }
}
