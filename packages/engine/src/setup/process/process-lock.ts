import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Project } from '../../engine/project/index.ts'

/**
 * Runs `work` while no other process sets up the same project. A second one waits for the first; what a killed one
 * left behind is cleared away.
 *
 * @param onWait called once with the id of the process that is waited for, and the file that says so.
 */
export async function withProcessLock<Result>(
  project: Project,
  work: () => Promise<Result>,
  onWait: (processId: number, path: string) => void,
  signal?: AbortSignal,
): Promise<Result> {
  const path = join(dirname(project.environmentFile), 'setup.pid')
  await mkdir(dirname(path), { recursive: true })
  // What lies there is of one machine: no version control takes it, whatever the project's own .gitignore says.
  await writeFile(join(dirname(path), '.gitignore'), '*\n')
  let told = false
  while (!(await claim(path))) {
    const holder = await readHolder(path)
    if (holder === undefined || !isAlive(holder)) {
      await clear(path)
      continue
    }
    if (!told) onWait(holder, path)
    told = true
    // There is no event across processes for a file that goes away.
    await delay(100, undefined, signal === undefined ? {} : { signal })
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

/** Makes the file with this process in it, whole or not at all; false when there is one. */
async function claim(path: string): Promise<boolean> {
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
    // Given back since: the next claim decides.
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Takes a dead process's file away. Renamed first: another process may have claimed it just now. */
async function clear(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    const holder = await readHolder(aside)
    if (holder !== undefined && isAlive(holder)) await link(aside, path)
  } catch (error) {
    // Somebody else cleared it, or claimed it again.
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
    // EPERM: it lives, and belongs to somebody else.
    return hasCode(error, 'EPERM')
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
