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
 * Returns the size and the CRC-32 of a file, in hex: `1a4-9ae0daaf`. They detect the changes of users. A stronger hash
 * would load node:crypto, which takes some 4 ms of each run, and node:zlib 2 ms.
 */
export function fingerprint(bytes: Uint8Array): string {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  return `${bytes.length.toString(16)}-${crc32(bytes).toString(16).padStart(8, '0')}`
}

/** Returns the text of the record's file. */
export function recordText(record: ProjectRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`
}
