/**
 * The recorded durations of tests. Each run of a Vitest project or of pytest writes a file to .cache/test-times, which
 * `npm run test:slow` reads.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The duration of a test or hook, and its time limit, or 0 if it has none. */
const timed = z.object({ file: z.string(), name: z.string(), ms: z.number(), limitMs: z.number() })
const run = z.object({ project: z.string(), startedAt: z.string(), timed: z.array(timed) })

export type Timed = z.infer<typeof timed>
export type TimedRun = z.infer<typeof run>

const keptRuns = 10
const everyRun = fileURLToPath(new URL('../../../.cache/test-times/', import.meta.url))

/**
 * Returns the path for the record of a new run, and creates its folder. Removes the oldest records of the project, so that ten
 * remain.
 */
export function newRunFile(project: string, startedAt: Date, folder = everyRun): string {
  mkdirSync(folder, { recursive: true })
  const before = runFiles(folder).filter((name) => name.startsWith(`${project}@`))
  for (const name of before.slice(0, Math.max(0, before.length + 1 - keptRuns))) rmSync(join(folder, name))
  return join(folder, `${project}@${startedAt.toISOString().replaceAll(':', '-')}.json`)
}

/** Returns the recorded runs, oldest first. @throws ZodError for an invalid file. */
export function readRuns(folder = everyRun): TimedRun[] {
  return runFiles(folder)
    .map((name) => run.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
}

/** Returns the files of runs, grouped by project, oldest first. */
function runFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
}
