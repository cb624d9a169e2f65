import { hash } from 'node:crypto'
import type { Answers } from '../choices.ts'

/** Name of the record in a project. An update later needs it to know what the tool wrote and what the user did. */
export const recordName = '.create-mlx-app.json'

export interface ProjectRecord {
  /** Version of create-mlx-app that wrote the files. */
  version: string
  /** Without what is of one machine alone. */
  answers: Omit<Answers, 'pythonPath'>
  /** The fingerprint of each file as it was written, by path; the record itself is not among them. */
  files: Record<string, string>
}

/**
 * The record of a project about to be written: the same for the same answers, without dates.
 */
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
 * The first 96 bits of the SHA-256, in hex. They tell a changed file as surely as all 256 do, and hashes, which nothing
 * compresses, are much of what a package and a record weigh.
 */
export function fingerprint(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 24)
}

/** The text of the record's file. */
export function recordText(record: ProjectRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}
