/** What an earlier setup made is kept until the new environment works, and comes back if that fails. */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Project } from '../../engine/project/index.ts'
import { siteFolder } from './python-package.ts'

/** Returns the folders of a project that make up its environment. */
export function environmentParts(project: Project): string[] {
  return [project.virtualEnvironment, siteFolder(project)]
}

/**
 * Moves the record of the environment and some folders out of the way while `work` makes new ones. If that fails, they are
 * moved back.
 *
 * @param folders in the same folder as the record. What is missing is ignored.
 */
export async function withFormerSetAside<Result>(
  project: Project,
  folders: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const former = formerFolder(project)
  await mkdir(former, { recursive: true })
  // Without its record, an environment is not used. So the record goes first, and comes back last.
  for (const path of [project.environmentFile, ...folders]) await moveIfThere(path, inFormer(project, path))
  try {
    const result = await work()
    await rm(former, { recursive: true, force: true })
    return result
  } catch (error) {
    for (const path of [...folders, project.environmentFile]) {
      await rm(path, { recursive: true, force: true })
      await moveIfThere(inFormer(project, path), path)
    }
    await rm(former, { recursive: true, force: true })
    throw error
  }
}

/** Completes what a setup could not that was killed: the new environment stays if it was finished, otherwise the former. */
export async function recoverFormer(project: Project, folders: readonly string[]): Promise<void> {
  const former = formerFolder(project)
  if (!existsSync(former)) return
  if (!existsSync(project.environmentFile)) {
    for (const path of [...folders, project.environmentFile]) {
      const before = inFormer(project, path)
      if (!existsSync(before)) continue
      await rm(path, { recursive: true, force: true })
      await rename(before, path)
    }
  }
  await rm(former, { recursive: true, force: true })
}

function formerFolder(project: Project): string {
  return join(dirname(project.environmentFile), 'former')
}

function inFormer(project: Project, path: string): string {
  return join(formerFolder(project), basename(path))
}

async function moveIfThere(from: string, to: string): Promise<void> {
  if (existsSync(from)) await rename(from, to)
}
