import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The sets of packages that a set-up can install. */
export const lockSetNames = ['plain', 'dev', 'cuda', 'cuda-dev'] as const
export type LockSet = (typeof lockSetNames)[number]

const files: Record<LockSet, string[]> = {
  plain: ['requirements.lock'],
  dev: ['requirements.lock', 'requirements-dev.lock'],
  cuda: ['requirements-cuda.lock'],
  'cuda-dev': ['requirements-cuda.lock', 'requirements-dev.lock'],
}

/** The lock that brings uv itself where it is not there. */
export const uvLock = 'requirements-uv.lock'

export function lockSetFor({ dev, cuda }: { dev: boolean; cuda: boolean }): LockSet {
  if (cuda) return dev ? 'cuda-dev' : 'cuda'
  return dev ? 'dev' : 'plain'
}

/** Paths of the lock files of a set. */
export function lockFiles(pythonDirectory: string, set: LockSet): string[] {
  return files[set].map((name) => join(pythonDirectory, name))
}

/** The first lock file of a set that is not there. */
export function missingLock(pythonDirectory: string, set: LockSet): string | undefined {
  return lockFiles(pythonDirectory, set).find((path) => !existsSync(path))
}

/** SHA-256 (hex) over the bytes of the files of a set, one after the other. */
export function lockHash(pythonDirectory: string, set: LockSet): string {
  const hash = createHash('sha256')
  for (const path of lockFiles(pythonDirectory, set)) hash.update(readFileSync(path))
  return hash.digest('hex')
}

/** The version that a lock's text names for a package; undefined when the package is not in it. */
export function lockedVersion(lock: string, name: string): string | undefined {
  const line = lock.split('\n').find((candidate) => candidate.startsWith(`${name}==`))
  return line?.slice(name.length + 2).split(/[ ;\\]/)[0]
}
