import * as nodeFileSystem from 'node:fs'
import { dirname, join } from 'node:path'
import { CreateError } from '../errors.ts'
import { explainError } from '../system-errors.ts'
import {
  createFolders,
  type FileSystem,
  temporaryFolderName,
  type WriteResult,
  writeFiles,
} from './write-files.ts'

/**
 * Returns the files of the user that writing with force would overwrite, by the names that they have.
 *
 * @throws CreateError if a file would have to replace a folder, or a folder a file.
 */
export function findOverwritten(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  fileSystem: FileSystem = nodeFileSystem,
): string[] {
  if (!fileSystem.existsSync(target)) return []
  const { different } = compare(target, files, fileSystem)
  return [...different.keys()].map((path) => existingName(target, path, fileSystem)).sort()
}

/** Reverses a step that was taken. */
type Undo = () => void

/**
 * Writes files into a folder that exists. They are written to a temporary folder inside it, which is on the same disk
 * even if the folder is a mount point, and then moved one by one. What they replace is kept until the last one is in
 * place.
 *
 * @throws CreateError when a file would have to replace a folder, or a folder a file. Nothing is changed then.
 */
export async function writeIntoExistingFolder(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  force: boolean,
  signal: AbortSignal,
  fileSystem: FileSystem,
): Promise<WriteResult> {
  const { missing, different } = compare(target, files, fileSystem)
  if (different.size > 0 && !force) {
    throw new CreateError(`These files already exist in ${target}: ${[...different.keys()].join(', ')}`, {
      hints: ['Add --force to overwrite them.'],
    })
  }
  const temporary = join(target, temporaryFolderName())
  const undo: Undo[] = []
  const overwritten: string[] = []
  try {
    fileSystem.mkdirSync(temporary)
    undo.push(() => fileSystem.rmSync(temporary, { recursive: true, force: true }))
    const staged = join(temporary, 'new')
    await writeFiles(staged, new Map([...missing, ...different]), signal, fileSystem)
    for (const path of different.keys()) {
      const existing = existingName(target, path, fileSystem)
      const backup = join(temporary, 'old', existing)
      fileSystem.mkdirSync(dirname(backup), { recursive: true })
      move(join(target, existing), backup, fileSystem, undo)
      overwritten.push(existing)
    }
    for (const path of [...missing.keys(), ...different.keys()]) {
      createFolders(dirname(join(target, path)), fileSystem, (folder) =>
        undo.push(() => fileSystem.rmdirSync(folder)),
      )
      move(join(staged, path), join(target, path), fileSystem, undo)
    }
  } catch (error) {
    rollBack(undo, temporary, error)
    throw error
  }
  overwritten.sort()
  try {
    fileSystem.rmSync(temporary, { recursive: true, force: true })
  } catch {
    // The project is complete: only the temporary folder is left.
    return { overwritten, left: temporary }
  }
  return { overwritten }
}

/**
 * Returns the path of an existing file as the disk spells it. Where case does not matter (macOS, Windows), README.md
 * would replace the user's readme.md.
 */
function existingName(target: string, path: string, fileSystem: FileSystem): string {
  const slash = path.lastIndexOf('/') + 1
  const [folder, name] = [path.slice(0, slash), path.slice(slash)]
  const names = fileSystem.readdirSync(join(target, folder))
  if (names.includes(name)) return path
  const sameName = names.find((other) => other.normalize().toLowerCase() === name.normalize().toLowerCase())
  return folder + (sameName ?? name)
}

/** Divides files into those that the folder lacks and those that it has with other content. */
function compare(
  target: string,
  files: ReadonlyMap<string, Uint8Array>,
  fileSystem: FileSystem,
): { missing: Map<string, Uint8Array>; different: Map<string, Uint8Array> } {
  const missing = new Map<string, Uint8Array>()
  const different = new Map<string, Uint8Array>()
  const wrong: string[] = []
  for (const [path, bytes] of files) {
    const blocked = parentsOf(path).find((parent) => {
      const status = fileSystem.lstatSync(join(target, parent), { throwIfNoEntry: false })
      return status !== undefined && !status.isDirectory()
    })
    if (blocked !== undefined) {
      wrong.push(`${blocked} is not a folder`)
      continue
    }
    const status = fileSystem.lstatSync(join(target, path), { throwIfNoEntry: false })
    if (status === undefined) missing.set(path, bytes)
    else if (status.isDirectory()) wrong.push(`${path} is a folder`)
    else if (!status.isFile() || !fileSystem.readFileSync(join(target, path)).equals(bytes)) {
      different.set(path, bytes)
    }
  }
  if (wrong.length > 0) {
    throw new CreateError(`Can't create the project in ${target}: ${[...new Set(wrong)].join(', ')}.`, {
      hints: [
        'Move these away first. Even --force does not replace a folder with a file, or a file with a folder.',
      ],
    })
  }
  return { missing, different }
}

/** Returns the folders above a path: `a` and `a/b` for `a/b/c.ts`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function move(from: string, to: string, fileSystem: FileSystem, undo: Undo[]): void {
  fileSystem.renameSync(from, to)
  undo.push(() => fileSystem.renameSync(to, from))
}

/** @throws CreateError when a step can't be reversed: the user's files are in the temporary folder then. */
function rollBack(undo: readonly Undo[], temporary: string, reason: unknown): void {
  try {
    for (const step of [...undo].reverse()) step()
  } catch (error) {
    throw new CreateError(
      `Writing failed: ${explainError(reason)}. Restoring your files failed too: ${explainError(error)}.`,
      {
        hints: [`The files that were replaced are in ${join(temporary, 'old')}. Move them back by hand.`],
        cause: new AggregateError([reason, error]),
      },
    )
  }
}
