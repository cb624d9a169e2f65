import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { temporaryFolder, writeTree } from '../support/folders.ts'
import { newRunFile, readRuns, type Timed, type TimedRun } from '../support/times/records.ts'
import { slowTestLines, slowTests } from '../support/times/slow.ts'

const timed = (name: string, ms: number, limitMs = 100): Timed => ({
  file: 'some.test.ts',
  name,
  ms,
  limitMs,
})
const run = (startedAt: string, ...all: Timed[]): TimedRun => ({ project: 'unit', startedAt, timed: all })

describe('the list of slow tests', () => {
  it('lists those over half and over a third of their limit, the closest to it first', () => {
    const { near, slow, count } = slowTests([
      run('1', timed('a third', 33), timed('over a third', 34), timed('half', 50), timed('over half', 51)),
      run('1', timed('over the limit', 101), timed('no limit', 1, 0)),
    ])
    expect(near.map(({ name }) => name)).toEqual(['no limit', 'over the limit', 'over half'])
    expect(slow.map(({ name }) => name)).toEqual(['half', 'over a third'])
    expect(count).toBe(6)
  })

  it('takes the slowest of several runs, and the limit of the latest', () => {
    const runs = [run('1', timed('raised', 90, 100)), run('2', timed('raised', 20, 200))]
    expect(slowTests(runs)).toEqual({ near: [], slow: [timed('raised', 90, 200)], count: 1 })
  })

  it('does not mix up projects that run the same file', () => {
    const other: TimedRun = { ...run('1', timed('same', 10)), project: 'e2e' }
    expect(slowTests([run('1', timed('same', 60)), other])).toMatchObject({ near: [{ ms: 60 }], count: 2 })
  })

  it('shows what was examined, with times, limits and shares', () => {
    expect(slowTestLines([run('today', timed('slow', 40_000, 60_000), timed('fair', 2_000, 5_000))])).toEqual(
      [
        'The longest durations of 2 tests and hooks in 1 run:',
        '  unit  today',
        '',
        '1 took more than half of the time limit:',
        '  40.0 s of 60.0 s (67 %)  some.test.ts  slow',
        '',
        '1 took more than a third, and would time out on a machine three times slower:',
        '  2.0 s of 5.0 s (40 %)  some.test.ts  fair',
      ],
    )
    expect(slowTestLines([run('today', timed('quick', 1))])).toContain(
      'None took more than half of its time limit.',
    )
  })
})

describe('the record of a run', () => {
  it('keeps ten runs of each project', () => {
    const folder = temporaryFolder()
    const write = (project: string, day: number) => {
      const startedAt = new Date(Date.UTC(2026, 0, day))
      const record: TimedRun = { project, startedAt: startedAt.toISOString(), timed: [] }
      writeFileSync(newRunFile(project, startedAt, folder), JSON.stringify(record))
    }
    write('python-vision', 1)
    for (let day = 1; day <= 12; day++) write('python', day)
    const kept = readRuns(folder)
    expect(kept.map(({ project }) => project)).toEqual(['python-vision', ...Array(10).fill('python')])
    expect(kept[1]?.startedAt).toBe('2026-01-03T00:00:00.000Z')
  })

  it('has each test and hook of Vitest with its own time and limit', async () => {
    const folder = temporaryFolder()
    const plugin = fileURLToPath(new URL('../support/times/plugin.ts', import.meta.url))
    writeTree(folder, {
      'vitest.config.ts': `import { recordTimes } from ${JSON.stringify(plugin)}
        export default {
          plugins: [recordTimes(${JSON.stringify(join(folder, 'times'))})],
          test: { name: 'example', globals: true, testTimeout: 30_001, hookTimeout: 30_002 },
        }`,
      'example.test.ts': `
        const never = () => new Promise(() => {})
        beforeAll(() => {}, 30_003)
        describe('a group', () => {
          beforeAll(() => {})
          afterAll(() => {})
          beforeEach(() => {}, 30_004)
          test('is quick', () => {})
          test('has a limit of its own', () => {}, 30_005)
          test('hangs', { timeout: 50 }, never)
          test('fails', () => expect(1).toBe(2))
          test('is cleaned up', ({ onTestFinished }) => onTestFinished(() => {}))
          test.skip('is left out', () => {})
        })`,
    })
    const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
    const { exitCode, stdout, stderr } = await execa(process.execPath, [vitest, 'run', '--root', folder], {
      reject: false,
      env: { NO_COLOR: '1' },
    })
    expect(stdout).toContain('2 failed | 3 passed | 1 skipped')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('❯ example.test.ts')
    expect(stderr).not.toContain('runner.ts')
    const runs = readRuns(join(folder, 'times'))
    expect(runs).toMatchObject([{ project: 'example' }])
    const limits = Object.fromEntries(
      runs.flatMap((one) => one.timed.map(({ name, limitMs }) => [name, limitMs])),
    )
    expect(limits).toEqual({
      '(beforeAll)': 30_003,
      'a group (afterAll)': 30_002,
      'a group (beforeAll)': 30_002,
      'a group (beforeEach)': 30_004,
      'a group > fails': 30_001,
      'a group > fails (clean-up)': 30_002,
      'a group > hangs': 50,
      'a group > hangs (clean-up)': 30_002,
      'a group > has a limit of its own': 30_005,
      'a group > has a limit of its own (clean-up)': 30_002,
      'a group > is cleaned up': 30_001,
      'a group > is cleaned up (clean-up)': 30_002,
      'a group > is quick': 30_001,
      'a group > is quick (clean-up)': 30_002,
    })
    expect(runs[0]?.timed.find(({ name }) => name.endsWith('hangs'))?.ms).toBeGreaterThanOrEqual(49)
  })
})
