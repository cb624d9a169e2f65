/** The Python code of the package: in a virtual environment as a wheel, and beside an interpreter that stays as it is. */
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EngineError } from '../../engine/index.ts'
import type { Project } from '../../engine/project/index.ts'
import { wheelPath } from '../../package-files.ts'
import { release } from '../../release.ts'
import { ask } from '../process/child-process.ts'
import { copyPackageFiles } from './copy-package-files.ts'

/** What the record keeps of the code that is installed; nothing where it is run from its sources. */
export function installed(): { version?: string; wheel?: string } {
  return release === undefined ? {} : { version: release.version, wheel: release.wheel.sha256 }
}

/** Where the code lies for an interpreter that nothing is installed into. */
export function siteFolder(project: Project): string {
  return join(dirname(project.environmentFile), 'site')
}

/** A wheel is a zip. Compiled at once, since nothing is written there while an app runs. */
const unpack = `
import compileall, sys, zipfile
zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])
compileall.compile_dir(sys.argv[2], quiet=2)
`

/**
 * Unpacks the wheel beside an interpreter that is used as it is.
 *
 * @returns the folder, relative to the one that `.mlx` is in; undefined where the code is run from its sources.
 * @throws EngineError SETUP_NEEDED
 */
export async function unpackWheel(
  project: Project,
  python: string,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (wheelPath === undefined) return undefined
  const folder = siteFolder(project)
  await rm(folder, { recursive: true, force: true })
  await using copied = await copyPackageFiles(project, [wheelPath])
  const wheel = join(copied.directory, basename(wheelPath))
  const answer = await ask(python, ['-c', unpack, wheel, folder], environment, 60_000)
  if ('problem' in answer) {
    throw new EngineError('SETUP_NEEDED', `${wheelPath} could not be unpacked: ${answer.problem}`)
  }
  return join('.mlx', 'site')
}
