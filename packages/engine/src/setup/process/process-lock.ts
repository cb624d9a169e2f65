import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Project } from '../../engine/project/index.ts'
import { makeOwnFolder } from './own-folder.ts'

/** The file in the lock with the id of the process that holds it. */
const holderName = 'pid'

/**
 * Runs `work` while no other process sets up the same project. A second process waits for the first; the lock of a process
 * that was killed is removed.
 *
 * @param onWait called once, with the id of the process that holds the lock and the path of the lock, which is a folder.
 */
export async function withProcessLock<Result>(
  project: Project,
  work: () => Promise<Result>,
  onWait: (processId: number, path: string) => void,
  signal?: AbortSignal,
): Promise<Result> {
  const path = join(makeOwnFolder(project), 'setup.lock')
  let announced = false
  while (!(await acquire(path))) {
    const holder = await readHolder(path)
    if (holder === undefined || !isAlive(holder)) {
      await removeStaleLock(path)
      continue
    }
    if (!announced) onWait(holder, path)
    announced = true
    // There is no event for a folder that another process deletes.
    await delay(100, undefined, signal === undefined ? {} : { signal })
  }
  try {
    return await work()
  } finally {
    await release(path)
  }
}

/**
 * Creates the lock in one step: a folder with the id of this process is renamed. Returns false if it exists already. A file
 * would need a hard link, which shared folders of virtual machines don't have.
 */
async function acquire(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`
  await mkdir(own)
  await writeFile(join(own, holderName), String(process.pid))
  return await moveLock(own, path)
}

/** Removes the lock. It is renamed first: while its file is removed, another process could acquire it. */
async function release(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    // The user removed it.
    if (!hasCode(error, 'ENOENT')) throw error
  }
  await rm(aside, { recursive: true, force: true })
}

async function readHolder(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(join(path, holderName), 'utf8'))
  } catch (error) {
    // It has been released in the meantime: the next attempt decides.
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Removes the lock of a dead process. It is renamed first, because another process may just have acquired it. */
async function removeStaleLock(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    const holder = await readHolder(aside)
    if (holder !== undefined && isAlive(holder)) await moveLock(aside, path)
  } catch (error) {
    // Another process removed it.
    if (!hasCode(error, 'ENOENT')) throw error
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Moves a lock to its place. If there is one already, it is removed instead, and the result is false. */
async function moveLock(from: string, path: string): Promise<boolean> {
  try {
    await rename(from, path)
    return true
  } catch (error) {
    await rm(from, { recursive: true, force: true })
    if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOTEMPTY')) return false
    throw error
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
