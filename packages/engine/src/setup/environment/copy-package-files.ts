import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Project } from '../../engine/project/index.ts'

export interface PackageFileCopies extends AsyncDisposable {
  /** The folder with the copies. */
  readonly directory: string
}

/**
 * Copies files of this package to the project's `.mlx` until they are disposed. Yarn's Plug'n'Play and Electron keep
 * packages in archives, which only Node.js can read, so uv, pip and Python get copies.
 */
export async function copyPackageFiles(
  project: Project,
  paths: readonly string[],
): Promise<PackageFileCopies> {
  const folder = dirname(project.environmentFile)
  await mkdir(folder, { recursive: true })
  const directory = await mkdtemp(join(folder, 'package-files-'))
  // The system's own copy function can't read from the archives.
  for (const path of paths) await writeFile(join(directory, basename(path)), await readFile(path))
  return {
    directory,
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  }
}
