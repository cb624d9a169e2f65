import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { KeyError, type KeyRecord, readRecords } from './records.ts'

/** How long to wait for another command. An update takes a few milliseconds. */
const lockTimeoutMs = 5000

/**
 * Updates the keys file atomically. Concurrent commands take turns.
 *
 * @param change returns the new records for the current ones. If it throws, the file stays unchanged.
 * @throws KeyError if the file is invalid or another command does not release the lock.
 */
export async function updateRecords(
  path: string,
  change: (records: KeyRecord[]) => KeyRecord[],
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const lock = `${path}.lock`
  await acquireLock(lock)
  try {
    await writeAtomically(path, `${JSON.stringify({ keys: change(readRecords(path)) }, null, 2)}\n`)
  } finally {
    await rm(lock, { force: true })
  }
}

/** Writes a temporary file and renames it, so that readers see either the old or the new contents. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function acquireLock(lock: string): Promise<void> {
  const deadline = performance.now() + lockTimeoutMs
  while (performance.now() < deadline) {
    try {
      const file = await open(lock, 'wx', 0o600)
      await file.writeFile(String(process.pid))
      return await file.close()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    // No event tells another process that a file was deleted.
    await delay(20)
  }
  const holder = await readFile(lock, 'utf8').catch(() => 'unknown')
  throw new KeyError(`Another command (process ${holder}) is changing the keys.
If it is no longer running, delete ${lock}`)
}
