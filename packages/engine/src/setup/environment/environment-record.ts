import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative } from 'node:path'
import { z } from 'zod'
import { environmentRecordSchema, fromRecord, type Project } from '../../engine/project/index.ts'
import { lockSetNames } from '../plan/locks.ts'

/** What the engine reads of the record, and which locks were installed. */
const setupRecordSchema = environmentRecordSchema.extend({ set: z.enum(lockSetNames).optional() })

export type SetupRecord = z.infer<typeof setupRecordSchema>

/** What the last set-up wrote down, with an absolute path; undefined when there was none that can be understood. */
export function readRecord(project: Project): SetupRecord | undefined {
  if (!existsSync(project.environmentFile)) return undefined
  try {
    const record = setupRecordSchema.parse(JSON.parse(readFileSync(project.environmentFile, 'utf8')))
    return { ...record, python: fromRecord(project, record.python) }
  } catch {
    // Half written or from another version: as good as none, it is written anew.
    return undefined
  }
}

/**
 * Writes down which Python the engine uses on this machine. The file appears whole or not at all; a path inside the
 * project is kept relative, so that the project can be moved.
 */
export async function writeRecord(project: Project, record: SetupRecord): Promise<void> {
  const folder = dirname(project.environmentFile)
  const inside = relative(dirname(folder), record.python)
  const isInside = !inside.startsWith('..') && !isAbsolute(inside)
  const text = JSON.stringify({ ...record, python: isInside ? inside : record.python }, null, 2)
  await mkdir(folder, { recursive: true })
  const beside = `${project.environmentFile}.${process.pid}`
  await writeFile(beside, `${text}\n`)
  await rename(beside, project.environmentFile)
}

export async function removeRecord(project: Project): Promise<void> {
  await rm(project.environmentFile, { force: true })
}
