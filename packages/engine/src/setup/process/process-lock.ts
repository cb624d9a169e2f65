import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Project } from '../../engine/project/index.ts'

/**
 * Runs `work` while no other process sets up the same project. A second process waits for the first; the lock file of
 * a process that was killed is removed.
 *
 * @param onWait called once, with the id of the process that holds the lock and the path of the lock file.
 */
export async function withProcessLock<Result>(
  project: Project,
  work: () => Promise<Result>,
  onWait: (processId: number, path: string) => void,
  signal?: AbortSignal,
): Promise<Result> {
  const path = join(dirname(project.environmentFile), 'setup.pid')
  await mkdir(dirname(path), { recursive: true })
  // This folder belongs to one machine, so git ignores it even if the project's .gitignore doesn't.
  await writeFile(join(dirname(path), '.gitignore'), '*\n')
  let announced = false
  while (!(await acquire(path))) {
    const holder = await readHolder(path)
    if (holder === undefined || !isAlive(holder)) {
      await removeStaleLock(path)
      continue
    }
    if (!announced) onWait(holder, path)
    announced = true
    // There is no event for a file that another process deletes.
    await delay(100, undefined, signal === undefined ? {} : { signal })
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** Creates the lock file with the id of this process in one step. Returns false if it exists already. */
async function acquire(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`
  await writeFile(own, String(process.pid))
  try {
    await link(own, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(own, { force: true })
  }
}

async function readHolder(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(path, 'utf8'))
  } catch (error) {
    // It has been released in the meantime: the next attempt decides.
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Removes the lock file of a dead process. It is renamed first, because another process may just have acquired it. */
async function removeStaleLock(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    const holder = await readHolder(aside)
    if (holder !== undefined && isAlive(holder)) await link(aside, path)
  } catch (error) {
    // Another process removed it, or acquired it again.
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(aside, { force: true })
  }
}

function isAlive(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    // EPERM: the process is running and belongs to another user.
    return hasCode(error, 'EPERM')
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
