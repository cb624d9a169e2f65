import { expect, it } from 'vitest'
import { scriptWithArguments } from '../../src/engine/project/index.ts'
import { type Check, CheckContext, runChecks } from '../../src/setup/checks/check.ts'
import { assessMemory, assessNodeVersion } from '../../src/setup/checks/machine.ts'
import { assessMissingModel } from '../../src/setup/checks/model.ts'
import { assessVision } from '../../src/setup/checks/python.ts'
import { formatBytes } from '../../src/setup/terminal/format.ts'

it.each([
  ['20.18.3', false],
  ['20.19.0', true],
  ['21.7.0', false],
  ['22.11.0', false],
  ['22.12.0', true],
  ['26.10.0', true],
])('checks Node.js %s', (version, good) => {
  expect(assessNodeVersion(version).good).toBe(good)
})

it('needs memory for the model and its KV cache', () => {
  expect(assessMemory(8e9, 16e9).good).toBe(true)
  expect(assessMemory(15e9, 16e9)).toMatchObject({
    good: false,
    detail: 'model of 15.0 GB, limit of 16.0 GB',
  })
})

it('shows how much of a model is missing, and whether it fits on the disk', () => {
  const pull = scriptWithArguments('models', 'pull a/b')
  expect(assessMissingModel('a/b', undefined, 9e9)).toEqual({
    good: false,
    detail: 'a/b is not on this machine',
    fix: pull,
  })
  expect(assessMissingModel('a/b', 2.3e9, 9e9)).toEqual({
    good: false,
    detail: 'a/b is not on this machine: 2.3 GB to download',
    fix: pull,
  })
  expect(assessMissingModel('a/b', 23e9, 9e9)).toEqual({
    good: false,
    detail: 'a/b is not on this machine: 23.0 GB to download, but the disk has only 9.0 GB free',
    fix: `Free up disk space, for example with: ${scriptWithArguments('models', 'clean')}. Or set HF_HOME to a folder on another disk. Then run: ${pull}`,
  })
})

it('accepts a missing extra, but checks the version of an installed one', () => {
  const command = 'npm run setup -- --with vision'
  expect(assessVision(undefined, '0.7.10', command)).toEqual({
    good: undefined,
    detail: 'not installed; to add them, run: npm run setup -- --with vision',
  })
  expect(assessVision('0.7.10', '0.7.10', command)).toEqual({
    good: true,
    detail: 'mlx-vlm 0.7.10, as locked',
  })
  expect(assessVision('0.6.0', '0.7.10', command)).toMatchObject({ good: false, fix: command })
})

it('skips checks that need a failed one, and survives a check that throws', async () => {
  const check = (name: string, needs: string[], run: Check['run']): Check => ({ name, needs, run })
  const seen: string[] = []
  const results = await runChecks(
    [
      check('a', [], () => {
        throw new Error('boom')
      }),
      check('b', ['a'], () => ({ good: true, detail: 'never' })),
      check('c', [], () => ({ good: true, detail: 'fine', fix: 'not needed' })),
      check('d', ['c'], () => ({ good: false, detail: 'wrong', fix: 'npm run setup' })),
    ],
    new CheckContext(),
    (result) => seen.push(result.name),
  )
  expect(seen).toEqual(['a', 'b', 'c', 'd'])
  expect(results).toEqual([
    { name: 'a', good: false, detail: 'Error: boom' },
    { name: 'b', good: null, detail: 'skipped: it needs a' },
    { name: 'c', good: true, detail: 'fine' },
    { name: 'd', good: false, detail: 'wrong', fix: 'npm run setup' },
  ])
})

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [247_000, '247 kB'],
  [999_600, '1.0 MB'],
  [4_280_000_000, '4.3 GB'],
])('formats %d as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
