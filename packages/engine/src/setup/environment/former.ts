/** What an earlier setup made is kept until the new environment works, and comes back if that fails. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EngineError } from '../../engine/index.ts'
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
 * @throws EngineError SETUP_NEEDED if a folder can't be moved; whatever `work` throws.
 */
export async function withFormerSetAside<Result>(
  project: Project,
  folders: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(formerFolder(project), { recursive: true })
  // Without its record, an environment is not used. So the record goes first, and comes back last.
  const paths = [project.environmentFile, ...folders].filter(existsSync)
  const moved: string[] = []
  let result: Result
  try {
    for (const path of paths) {
      await setAside(project, path)
      moved.push(path)
    }
    result = await work()
  } catch (error) {
    await rm(project.environmentFile, { force: true })
    for (const path of folders) {
      if (moved.includes(path)) await bringBack(project, path)
      else if (!paths.includes(path)) await rm(path, { recursive: true, force: true })
    }
    if (moved.includes(project.environmentFile)) await bringBack(project, project.environmentFile)
    await removeFormer(project)
    throw error
  }
  await removeFormer(project)
  return result
}

/** Completes what a setup could not that was killed: the new environment stays if it was finished, otherwise the former. */
export async function recoverFormer(project: Project, folders: readonly string[]): Promise<void> {
  if (!existsSync(formerFolder(project))) return
  if (!existsSync(project.environmentFile)) {
    for (const path of [...folders, project.environmentFile]) {
      if (existsSync(inFormer(project, path))) await bringBack(project, path)
    }
  }
  await removeFormer(project)
}

async function setAside(project: Project, path: string): Promise<void> {
  try {
    await rename(path, inFormer(project, path))
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new EngineError('SETUP_NEEDED', `${path} can't be replaced (${reason}).`, {
      hint: `If it is a mount point, mount ${dirname(path)} instead`,
      cause: error,
    })
  }
}

async function bringBack(project: Project, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await rename(inFormer(project, path), path)
}

/** Removes what is set aside, or leaves it under another name if files in it belong to another user. */
async function removeFormer(project: Project): Promise<void> {
  const removed = `${formerFolder(project)}.${randomUUID()}`
  await rename(formerFolder(project), removed)
  await rm(removed, { recursive: true, force: true }).catch(() => undefined)
}

function formerFolder(project: Project): string {
  return join(dirname(project.environmentFile), 'former')
}

function inFormer(project: Project, path: string): string {
  return join(formerFolder(project), basename(path))
}
