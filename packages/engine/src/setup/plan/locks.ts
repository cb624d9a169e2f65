import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pythonDirectory } from '../../package-files.ts'

/** The sets of packages that setup can install. */
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

/** What a set contains in addition to the packages that every app needs. */
export interface LockParts {
  /** NVIDIA's libraries instead of those for the CPU. */
  cuda: boolean
  /** The tools for developing the Python code. */
  dev: boolean
  /** Packages for images and embedding models. */
  vision: boolean
}

/** The lock file for uv itself, which setup fetches if it is missing. */
export const uvLock = 'requirements-uv.lock'

/** The lock file with what `mlx-app serve` of the Python package needs in addition to any set. */
export const serverLock = 'requirements-server.lock'

/** Returns the name of the set with these parts. */
export function lockSetFor({ cuda, dev, vision }: LockParts): LockSet {
  const parts = [...(cuda ? ['cuda'] : []), ...(dev ? ['dev'] : []), ...(vision ? ['vision'] : [])]
  return lockSetNames.find((name) => name === parts.join('-')) ?? 'plain'
}

/** Returns the parts of the set with this name; none for a name that is not known. */
export function parseLockSet(set: string | undefined): LockParts {
  const parts = set?.split('-') ?? []
  return { cuda: parts.includes('cuda'), dev: parts.includes('dev'), vision: parts.includes('vision') }
}

/** Returns the paths of the lock files of a set. */
export function lockFiles(directory: string, set: LockSet): string[] {
  const { cuda, dev, vision } = parseLockSet(set)
  const names = [
    cuda ? 'requirements-cuda.lock' : 'requirements.lock',
    ...(dev ? ['requirements-dev.lock'] : []),
    ...(vision ? ['requirements-vision.lock'] : []),
  ]
  return names.map((name) => join(directory, name))
}

/** Returns the first lock file that setup needs for a set but that doesn't exist. */
export function findMissingLock(directory: string, set: LockSet): string | undefined {
  const needed = [...lockFiles(directory, set), join(directory, uvLock)]
  return needed.find((path) => !existsSync(path))
}

/** Returns the SHA-256 (hex) of the concatenated lock files of a set. */
export function lockHash(directory: string, set: LockSet): string {
  return hashFiles(lockFiles(directory, set))
}

/** Returns the SHA-256 (hex) of the concatenated files. */
export function hashFiles(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path))
  return hash.digest('hex')
}

/** Returns the version of a package in the text of a lock file, or undefined if the package is not in it. */
export function lockedVersion(lock: string, name: string): string | undefined {
  const line = lock.split('\n').find((candidate) => candidate.startsWith(`${name}==`))
  return line?.slice(name.length + 2).split(/[ ;\\]/)[0]
}

/** Returns the locked version of mlx-lm, which is the only one that the worker supports. */
export function lockedMlxLm(): string {
  const lock = readFileSync(join(pythonDirectory, 'requirements.lock'), 'utf8')
  const version = lockedVersion(lock, 'mlx-lm')
  if (version === undefined) throw new Error('requirements.lock does not name mlx-lm')
  return version
}
