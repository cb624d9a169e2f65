/**
 * The package's own files, where other programs can read them: Yarn's Plug'n'Play and Electron keep packages in archives
 * that Node alone sees into.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Project } from '../../engine/project/index.ts'

export interface PackageFileCopies extends AsyncDisposable {
  /** The folder that has them, each by its name. */
  readonly directory: string
}

/** Copies files of the package to the project's `.mlx`; they are gone when the copies are disposed of. */
export async function copyPackageFiles(
  project: Project,
  paths: readonly string[],
): Promise<PackageFileCopies> {
  const folder = dirname(project.environmentFile)
  await mkdir(folder, { recursive: true })
  const directory = await mkdtemp(join(folder, 'package-files-'))
  // Read and written, not copied by the system: the archives are no files of its.
  for (const path of paths) await writeFile(join(directory, basename(path)), await readFile(path))
  return {
    directory,
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  }
}
