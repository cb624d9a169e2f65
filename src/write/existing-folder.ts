import { dirname, join } from 'node:path'
import { CreateError } from '../errors.ts'
import { explainError } from '../system-errors.ts'
import { type FileSystem, workspaceName, writeFiles } from './write-files.ts'
import type { WriteResult } from './write-project.ts'

/** A step that was taken, and how it is taken back. */
type Undo = () => void

/**
 * Writes files into a folder that is there already. They are made in a folder inside it (so on the same
 * disk, even where the folder is a mount point) and moved one by one; what they replace is kept until the
 * last one is in its place.
 *
 * @throws CreateError when a file would have to replace a folder, or a folder a file; nothing is touched then.
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
    throw new CreateError(`These files are in the way in ${target}: ${[...different.keys()].join(', ')}`, {
      hints: ['Add --force to overwrite them.'],
    })
  }
  const workspace = join(target, workspaceName())
  const undo: Undo[] = []
  const overwritten: string[] = []
  try {
    fileSystem.mkdirSync(workspace)
    undo.push(() => fileSystem.rmSync(workspace, { recursive: true, force: true }))
    const made = join(workspace, 'new')
    await writeFiles(made, new Map([...missing, ...different]), signal, fileSystem)
    for (const path of different.keys()) {
      const present = presentName(target, path, fileSystem)
      const backup = join(workspace, 'old', present)
      fileSystem.mkdirSync(dirname(backup), { recursive: true })
      move(join(target, present), backup, fileSystem, undo)
      overwritten.push(present)
    }
    for (const path of [...missing.keys(), ...different.keys()]) {
      makeFolders(dirname(join(target, path)), fileSystem, undo)
      move(join(made, path), join(target, path), fileSystem, undo)
    }
  } catch (error) {
    rollBack(undo, workspace, error)
    throw error
  }
  overwritten.sort()
  try {
    fileSystem.rmSync(workspace, { recursive: true, force: true })
  } catch {
    // The project is whole by now: what is left is a matter of tidiness.
    return { overwritten, left: workspace }
  }
  return { overwritten }
}

/**
 * The name that a file has where upper and lower case are the same (macOS, Windows): the user's readme.md is what
 * README.md would replace.
 */
function presentName(target: string, path: string, fileSystem: FileSystem): string {
  const slash = path.lastIndexOf('/') + 1
  const [folder, name] = [path.slice(0, slash), path.slice(slash)]
  const names = fileSystem.readdirSync(join(target, folder))
  if (names.includes(name)) return path
  const sameName = names.find((other) => other.normalize().toLowerCase() === name.normalize().toLowerCase())
  return folder + (sameName ?? name)
}

/** Sorts files by whether the folder has none of that name, or a different one. Equal ones stay as they are. */
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
      wrong.push(`${blocked} is no folder`)
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
    throw new CreateError(`The project does not fit into ${target}: ${[...new Set(wrong)].join(', ')}.`, {
      hints: ['Move these away first: not even --force replaces a folder by a file or a file by a folder.'],
    })
  }
  return { missing, different }
}

/** `a/b/c.ts` gives `a` and `a/b`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

function move(from: string, to: string, fileSystem: FileSystem, undo: Undo[]): void {
  fileSystem.renameSync(from, to)
  undo.push(() => fileSystem.renameSync(to, from))
}

function makeFolders(folder: string, fileSystem: FileSystem, undo: Undo[]): void {
  if (fileSystem.existsSync(folder)) return
  makeFolders(dirname(folder), fileSystem, undo)
  fileSystem.mkdirSync(folder)
  undo.push(() => fileSystem.rmdirSync(folder))
}

/** @throws CreateError when a step can't be taken back: the user's files then lie in the workspace. */
function rollBack(undo: readonly Undo[], workspace: string, reason: unknown): void {
  try {
    for (const step of [...undo].reverse()) step()
  } catch (error) {
    throw new CreateError(
      `Writing failed: ${explainError(reason)}. So did putting everything back: ${explainError(error)}.`,
      {
        hints: [`What was replaced lies in ${join(workspace, 'old')}: move it back by hand.`],
        cause: new AggregateError([reason, error]),
      },
    )
  }
}
