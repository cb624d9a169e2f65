/** Pure functions that find tests near their time limit and format them for `npm run test:slow`. */
import type { Timed, TimedRun } from './records.ts'

/** Tests above this share of their limit are listed as near it. */
const nearShare = 1 / 2
/** Tests above this share of their limit would time out on a machine three times slower. */
const slowShare = 1 / 3

export interface SlowTests {
  /** Tests over half of the limit, the nearest to it first. */
  near: Timed[]
  /** Tests over a third of the limit, but not over half. */
  slow: Timed[]
  /** The number of tests and hooks. */
  count: number
}

/**
 * Compares the longest duration of each test and hook with the limit in its latest run.
 *
 * @param runs the runs, oldest first.
 */
export function slowTests(runs: readonly TimedRun[]): SlowTests {
  const slowest = new Map<string, Timed>()
  for (const run of runs) {
    for (const timed of run.timed) {
      const key = JSON.stringify([run.project, timed.file, timed.name])
      const ms = Math.max(timed.ms, slowest.get(key)?.ms ?? 0)
      slowest.set(key, { ...timed, ms })
    }
  }
  const sorted = [...slowest.values()].sort((a, b) => share(b) - share(a))
  return {
    near: sorted.filter((timed) => share(timed) > nearShare),
    slow: sorted.filter((timed) => share(timed) > slowShare && share(timed) <= nearShare),
    count: slowest.size,
  }
}

/** Returns lines that describe the runs and the slow tests. */
export function slowTestLines(runs: readonly TimedRun[]): string[] {
  const { near, slow, count } = slowTests(runs)
  const heading = `The longest durations of ${count} tests and hooks in ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}:`
  const lines = [heading, ...runs.map(({ project, startedAt }) => `  ${project}  ${startedAt}`), '']
  if (near.length === 0) lines.push('None took more than half of its time limit.')
  else lines.push(`${near.length} took more than half of the time limit:`, ...near.map(line))
  if (slow.length > 0) {
    lines.push(
      '',
      `${slow.length} took more than a third, and would time out on a machine three times slower:`,
      ...slow.map(line),
    )
  }
  return lines
}

function share({ ms, limitMs }: Timed): number {
  return limitMs > 0 ? ms / limitMs : Number.POSITIVE_INFINITY
}

function line(timed: Timed): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const limit =
    timed.limitMs > 0
      ? `of ${seconds(timed.limitMs)} (${Math.round(share(timed) * 100)} %)`
      : 'without a limit'
  return `  ${seconds(timed.ms)} ${limit}  ${timed.file}  ${timed.name}`
}
