import { constants } from 'node:os'

/** Returns the code of an error of Node's file system or process calls (ENOENT, EACCES, ...), if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const explanations: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use by another program',
  EDQUOT: 'your disk quota is used up',
  EEXIST: 'something with that name already exists',
  EFBIG: 'a file is larger than the limit',
  EIO: 'the disk reported an error',
  ELOOP: 'its symbolic links form a loop',
  EMFILE: 'this process has too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'the system has too many open files',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'part of the path is a file',
  EPERM: 'the operation is not permitted',
  EROFS: 'the disk is read-only',
}

/** Explains an error of the system, with the code to search for: `no space left on the disk (ENOSPC)`. */
export function explainError(error: unknown): string {
  const code = systemErrorCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code === undefined) return message
  const name = code === 'UNKNOWN' ? (errorNameOf(error) ?? code) : code
  return `${explanations[name] ?? message} (${name})`
}

/** Returns the name of an error that Node has only a number for, such as EDQUOT. */
function errorNameOf(error: unknown): string | undefined {
  const number = error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : Number.NaN
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0]
}
