import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pythonDirectory } from '../../src/package-files.ts'
import {
  findMissingLock,
  lockedVersion,
  lockFiles,
  lockHash,
  lockSetFor,
  lockSetNames,
  parseLockSet,
} from '../../src/setup/plan/locks.ts'

it('chooses the set of locks', () => {
  expect(lockSetFor({ dev: false, cuda: false, vision: false })).toBe('plain')
  expect(lockSetFor({ dev: true, cuda: true, vision: false })).toBe('cuda-dev')
  for (const set of lockSetNames) expect(lockSetFor(parseLockSet(set))).toBe(set)
  expect(parseLockSet(undefined)).toEqual({ dev: false, cuda: false, vision: false })
})

it('hashes the bytes of the lock', () => {
  const text = readFileSync(join(pythonDirectory, 'requirements.lock'))
  expect(lockHash(pythonDirectory, 'plain')).toBe(createHash('sha256').update(text).digest('hex'))
  expect(lockHash(pythonDirectory, 'dev')).not.toBe(lockHash(pythonDirectory, 'plain'))
})

it.each(lockSetNames)('has every file of the set %s, and a hash for every package in it', (set) => {
  expect(findMissingLock(pythonDirectory, set)).toBeUndefined()
  for (const path of lockFiles(pythonDirectory, set)) {
    const text = readFileSync(path, 'utf8')
    const packages = text.match(/^[\w.-]+==/gm) ?? []
    expect(packages.length).toBeGreaterThan(5)
    expect(text.match(/^[\w.-]+==[^\n]*\\\n {4}--hash=sha256:[0-9a-f]{64}/gm)?.length).toBe(packages.length)
  }
})

it('adds the extra to any set', () => {
  expect(lockFiles('/p', 'vision')).toEqual(['/p/requirements.lock', '/p/requirements-vision.lock'])
  expect(lockFiles('/p', 'cuda-dev-vision')).toEqual([
    '/p/requirements-cuda.lock',
    '/p/requirements-dev.lock',
    '/p/requirements-vision.lock',
  ])
})

it('returns the version of a package', () => {
  const lock = 'mlx==1.0 ; python_version > "3" \\\n    --hash=sha256:00\nmlx-lm==0.32.2 \\\n'
  expect(lockedVersion(lock, 'mlx-lm')).toBe('0.32.2')
  expect(lockedVersion(lock, 'mlx')).toBe('1.0')
  expect(lockedVersion(lock, 'numpy')).toBeUndefined()
})
