/** Which tests came near to their time limits, and how `npm run test:slow` shows it. Pure. */
import type { Timed, TimedRun } from './records.ts'

/** What took more of its limit is listed. */
const nearShare = 1 / 2
/** What took more of its limit would not end in time on a machine three times slower. */
const slowShare = 1 / 3

export interface SlowTests {
  /** Over half of the limit, the nearest to it first. */
  near: Timed[]
  /** Over a third, but not over half. */
  slow: Timed[]
  /** How many tests and hooks were looked at. */
  count: number
}

/**
 * The slowest of what each test and hook took, held against the limit of its latest run.
 *
 * @param runs the oldest first.
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

/** The lines that tell a reader what was looked at and what was slow. */
export function slowTestLines(runs: readonly TimedRun[]): string[] {
  const { near, slow, count } = slowTests(runs)
  const looked = `Looked at ${count} tests and hooks, at the slowest of ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}:`
  const lines = [looked, ...runs.map(({ project, startedAt }) => `  ${project}  ${startedAt}`), '']
  if (near.length === 0) lines.push('None took more than half of its time limit.')
  else lines.push(`${near.length} took more than half of the time limit:`, ...near.map(line))
  if (slow.length > 0) {
    lines.push(
      '',
      `${slow.length} took more than a third, which is too slow for a machine three times slower:`,
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
