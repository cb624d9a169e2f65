import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { KeyError, type KeyRecord, readRecords } from './records.ts'

/** A change takes some milliseconds. */
const patienceMs = 5000

/**
 * Changes the file of the keys, whole or not at all; two commands at once take turns.
 *
 * @param change the new records from those of now; what it throws leaves the file as it is.
 * @throws KeyError where the file is broken, or another command does not give it back.
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

/** Beside the file first, then in its place: whoever reads it meanwhile reads the old one or the new one. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

async function acquireLock(lock: string): Promise<void> {
  const until = performance.now() + patienceMs
  while (performance.now() < until) {
    try {
      const file = await open(lock, 'wx', 0o600)
      await file.writeFile(String(process.pid))
      return await file.close()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    // There is no event across processes for a file that goes away.
    await delay(20)
  }
  const holder = await readFile(lock, 'utf8').catch(() => 'unknown')
  throw new KeyError(`Another command (process ${holder}) is changing the keys.
If it is not running any more, delete ${lock}`)
}
