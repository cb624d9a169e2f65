import type * as nodeFileSystem from 'node:fs'
import { dirname } from 'node:path'
import { CreateError } from '../errors.ts'
import { explainError, systemErrorCode } from '../system-errors.ts'

/** The calls that writing makes. They are synchronous: for a hundred small files that is twice as fast. */
export type FileSystem = Pick<
  typeof nodeFileSystem,
  | 'existsSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'readdirSync'
  | 'readFileSync'
  | 'renameSync'
  | 'rmdirSync'
  | 'rmSync'
  | 'writeFileSync'
>

export interface WriteResult {
  /** The user's files that were replaced, by the names that they had. */
  overwritten: string[]
  /** A temporary folder that could not be removed. */
  left?: string
}

/**
 * Returns the name of a folder for files that are not in place yet. The time is part of the name because a run that was
 * killed may have left one behind, and in a container every run has the same process ID.
 */
export function temporaryFolderName(): string {
  return `.create-mlx-app.${process.pid}.${Date.now().toString(36)}.making`
}

/** How many files are written before the event loop gets a turn, so that signals are noticed. */
const filesPerTurn = 64

/**
 * Writes files into a new folder.
 *
 * @throws the signal's reason when it is aborted, and any error of the file system. Files already written stay.
 */
export async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal,
  fileSystem: FileSystem,
): Promise<void> {
  signal.throwIfAborted()
  fileSystem.mkdirSync(folder)
  const created = new Set([folder])
  let written = 0
  for (const [path, bytes] of files) {
    // Joined as text: node:path would look at each character of each path.
    const place = `${folder}/${path}`
    const parent = place.slice(0, place.lastIndexOf('/'))
    if (!created.has(parent)) {
      fileSystem.mkdirSync(parent, { recursive: true })
      created.add(parent)
    }
    fileSystem.writeFileSync(place, bytes, { flag: 'wx' })
    written++
    if (written % filesPerTurn === 0) await checkSignal(signal)
  }
  await checkSignal(signal)
}

/** Creates a folder and its missing parents one by one, so that each can be removed again. */
export function createFolders(
  folder: string,
  fileSystem: FileSystem,
  onCreated: (folder: string) => void,
): void {
  if (fileSystem.existsSync(folder)) return
  createFolders(dirname(folder), fileSystem, onCreated)
  fileSystem.mkdirSync(folder)
  onCreated(folder)
}

async function checkSignal(signal: AbortSignal): Promise<void> {
  // Twice: this turn of the event loop may already be past the phase in which signals arrive.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
  signal.throwIfAborted()
}

/** Returns a CreateError for an error of the file system, and any other error unchanged. */
export function asCreateError(error: unknown, target: string): unknown {
  if (systemErrorCode(error) === undefined || error instanceof CreateError) return error
  return new CreateError(`Could not write ${target}: ${explainError(error)}. Nothing was changed.`, {
    hints: ['Choose another folder, or fix the problem and run the same command again.'],
    cause: error,
  })
}
