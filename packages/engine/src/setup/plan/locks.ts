import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The sets of packages that a set-up can install. */
export const lockSetNames = [
  'plain',
  'dev',
  'vision',
  'dev-vision',
  'cuda',
  'cuda-dev',
  'cuda-vision',
  'cuda-dev-vision',
] as const
export type LockSet = (typeof lockSetNames)[number]

/** What a set may hold beside what every app needs. */
export interface LockParts {
  /** NVIDIA's libraries in place of the CPU's. */
  cuda: boolean
  /** The tools for work on the Python half. */
  dev: boolean
  /** Images and embeddings. */
  vision: boolean
}

/** The lock that brings uv itself where it is not there. */
export const uvLock = 'requirements-uv.lock'

export function lockSetFor({ cuda, dev, vision }: LockParts): LockSet {
  const parts = [...(cuda ? ['cuda'] : []), ...(dev ? ['dev'] : []), ...(vision ? ['vision'] : [])]
  return lockSetNames.find((name) => name === parts.join('-')) ?? 'plain'
}

/** What a set holds; nothing of it where there is no set. */
export function parseLockSet(set: LockSet | undefined): LockParts {
  const parts: string[] = set?.split('-') ?? []
  return { cuda: parts.includes('cuda'), dev: parts.includes('dev'), vision: parts.includes('vision') }
}

/** Paths of the lock files of a set. */
export function lockFiles(pythonDirectory: string, set: LockSet): string[] {
  const { cuda, dev, vision } = parseLockSet(set)
  const names = [
    cuda ? 'requirements-cuda.lock' : 'requirements.lock',
    ...(dev ? ['requirements-dev.lock'] : []),
    ...(vision ? ['requirements-vision.lock'] : []),
  ]
  return names.map((name) => join(pythonDirectory, name))
}

/** The first lock file that a set-up needs for a set, and that is not there. */
export function findMissingLock(pythonDirectory: string, set: LockSet): string | undefined {
  const needed = [...lockFiles(pythonDirectory, set), join(pythonDirectory, uvLock)]
  return needed.find((path) => !existsSync(path))
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
