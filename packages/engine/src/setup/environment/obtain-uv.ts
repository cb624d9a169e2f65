import { join } from 'node:path'
import type { Project } from '../../engine/project/index.ts'
import { pythonDirectory } from '../../package-files.ts'
import type { SetupContext } from '../context.ts'
import { uvFolder } from '../machine/find-programs.ts'
import { pythonVersion } from '../machine/interpreter.ts'
import { uvLock } from '../plan/locks.ts'
import type { UvPlan } from '../plan/plan.ts'
import { processOptions } from '../process/child-process.ts'
import { copyPackageFiles } from './copy-package-files.ts'
import { fetchUv } from './uv.ts'

/**
 * Returns the path of the uv that the plan names, and fetches it if necessary.
 *
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function obtainUv(project: Project, { uv }: UvPlan, context: SetupContext): Promise<string> {
  const { terminal } = context
  if ('path' in uv) {
    terminal.done(`uv (${uv.path})`)
    return uv.path
  }
  const { fetchWith } = uv
  await using copies = await copyPackageFiles(project, [join(pythonDirectory, uvLock)])
  const lock = join(copies.directory, uvLock)
  const path = await fetchUv(fetchWith, uvFolder(project), lock, processOptions(project, context))
  terminal.done(`uv, fetched with the pip of ${fetchWith.path} (Python ${pythonVersion(fetchWith)})`)
  return path
}
