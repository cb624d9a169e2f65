import { hash } from 'node:crypto'
import type { Answers } from '../choices.ts'

/** File name of the record in a project. A later update can tell from it what the tool wrote and what the user changed. */
export const recordName = '.create-mlx-app.json'

export interface ProjectRecord {
  /** The version of create-mlx-app that wrote the files. */
  version: string
  /** All answers except those that belong to one machine. */
  answers: Omit<Answers, 'pythonPath'>
  /** The fingerprint of each file as it was written, by path, without the record itself. */
  files: Record<string, string>
}

/** Returns the record of a project before it is written. It has no dates, so the same answers give the same record. */
export function projectRecord(
  version: string,
  answers: Answers,
  files: ReadonlyMap<string, Uint8Array>,
): ProjectRecord {
  const { pythonPath: _, ...recorded } = answers
  const hashes = [...files].map(([path, bytes]) => [path, fingerprint(bytes)])
  return { version, answers: recorded, files: Object.fromEntries(hashes) }
}

/**
 * Returns the first 96 bits of the SHA-256, in hex. They detect a change as well as all 256 bits do, and hashes, which
 * don't compress, are much of the size of a record.
 */
export function fingerprint(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 24)
}

/** Returns the text of the record's file. */
export function recordText(record: ProjectRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}
