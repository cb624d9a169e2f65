import type * as nodeFileSystem from 'node:fs'
import { CreateError, systemErrorCode } from '../errors.ts'
import { explainError } from '../system-errors.ts'

/** The calls that writing makes. Synchronous: for a hundred small files that is twice as quick. */
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

/**
 * A folder for what is not yet in its place. A run that was killed may have left one behind, and in a container
 * every run has the same process id, so the time is in its name too.
 */
export function workspaceName(): string {
  return `.create-mlx-app.${process.pid}.${Date.now().toString(36)}.making`
}

/** After so many files the event loop gets a turn, so that a signal is noticed. */
const filesPerTurn = 64

/**
 * Writes files into a new folder.
 *
 * @throws the signal's reason when it is aborted, and what the file system throws; what was written stays.
 */
export async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal,
  fileSystem: FileSystem,
): Promise<void> {
  signal.throwIfAborted()
  fileSystem.mkdirSync(folder)
  const made = new Set([folder])
  let written = 0
  for (const [path, bytes] of files) {
    // Joined as text: node:path would look at each character of each path.
    const place = `${folder}/${path}`
    const parent = place.slice(0, place.lastIndexOf('/'))
    if (!made.has(parent)) {
      fileSystem.mkdirSync(parent, { recursive: true })
      made.add(parent)
    }
    fileSystem.writeFileSync(place, bytes, { flag: 'wx' })
    written++
    if (written % filesPerTurn === 0) await checkSignal(signal)
  }
  await checkSignal(signal)
}

async function checkSignal(signal: AbortSignal): Promise<void> {
  // Twice: this turn of the event loop may be past the place where it hears of signals.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
  signal.throwIfAborted()
}

/** Returns a CreateError for an error of the file system, and any other error as it is. */
export function asCreateError(error: unknown, target: string): unknown {
  if (systemErrorCode(error) === undefined || error instanceof CreateError) return error
  return new CreateError(
    `Could not write ${target}: ${explainError(error)}. Everything is as it was before.`,
    {
      hints: ['Choose another place, or mend this one and run the same command again.'],
      cause: error,
    },
  )
}
