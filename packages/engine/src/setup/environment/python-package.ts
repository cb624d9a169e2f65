/** The Python package `mlx-app`: installed in a virtual environment, or unpacked beside an existing interpreter. */
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EngineError } from '../../engine/index.ts'
import type { Project } from '../../engine/project/index.ts'
import { wheelPath } from '../../package-files.ts'
import { release } from '../../release.ts'
import { runForOutput } from '../process/child-process.ts'
import { copyPackageFiles } from './copy-package-files.ts'

/** Returns what the record stores about the Python package; empty if its code is run from the sources. */
export function packageRecord(): { version?: string; wheel?: string } {
  return release === undefined ? {} : { version: release.version, wheel: release.wheel.sha256 }
}

/** Returns the folder of the code for an interpreter into which nothing is installed. */
export function siteFolder(project: Project): string {
  return join(dirname(project.environmentFile), 'site')
}

/** Unpacks a wheel, which is a zip file. It also compiles the code, because a running app writes nothing there. */
const unpack = `
import compileall, sys, zipfile
zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])
compileall.compile_dir(sys.argv[2], quiet=2)
`

/**
 * Unpacks the wheel for an existing interpreter.
 *
 * @returns the folder, relative to the one that contains `.mlx`; undefined if the code is run from the sources.
 * @throws EngineError SETUP_NEEDED
 */
export async function unpackWheel(
  project: Project,
  python: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (wheelPath === undefined) return undefined
  const folder = siteFolder(project)
  await using copies = await copyPackageFiles(project, [wheelPath])
  const wheel = join(copies.directory, basename(wheelPath))
  const unpacked = join(copies.directory, 'site')
  const result = await runForOutput(python, ['-c', unpack, wheel, unpacked], environment, 60_000)
  if ('problem' in result) {
    throw new EngineError('SETUP_NEEDED', `${wheelPath} could not be unpacked: ${result.problem}`)
  }
  await rm(folder, { recursive: true, force: true })
  await rename(unpacked, folder)
  return join('.mlx', 'site')
}
