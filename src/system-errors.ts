import { constants } from 'node:os'
import { systemErrorCode } from './errors.ts'

const explanations: Readonly<Record<string, string>> = {
  EACCES: 'no permission there',
  EBUSY: 'something else is using it',
  EDQUOT: 'the quota of the disk is used up',
  EEXIST: 'something of that name is there already',
  EFBIG: 'a file is larger than what is allowed there',
  EIO: 'the disk has a fault',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'this process may open no more files',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'this machine may open no more files',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'a part of the path is a file',
  EPERM: 'the system does not allow it',
  EROFS: 'the disk is read-only',
}

/** What went wrong, with the code to search for: `no space left on the disk (ENOSPC)`. */
export function explainError(error: unknown): string {
  const code = systemErrorCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code === undefined) return message
  const name = code === 'UNKNOWN' ? (nameOfNumber(error) ?? code) : code
  return `${explanations[name] ?? message} (${name})`
}

/** Node knows the number of every error, but some it can't name: EDQUOT is one. */
function nameOfNumber(error: unknown): string | undefined {
  const number = error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : Number.NaN
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0]
}
