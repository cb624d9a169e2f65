/**
 * What tests took: each run of a Vitest project or of pytest leaves a file in .cache/test-times, which
 * `npm run test:slow` reads.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** What a test or a hook took, and the limit that it ran under: 0 for none. */
const timed = z.object({ file: z.string(), name: z.string(), ms: z.number(), limitMs: z.number() })
const run = z.object({ project: z.string(), startedAt: z.string(), timed: z.array(timed) })

export type Timed = z.infer<typeof timed>
export type TimedRun = z.infer<typeof run>

const keptRuns = 10
const everyRun = fileURLToPath(new URL('../../../.cache/test-times/', import.meta.url))

/**
 * The path of the file for a new run of a project, whose folder exists. Removes the oldest files of this project,
 * so that ten remain with the new one.
 */
export function newRunFile(project: string, startedAt: Date, folder = everyRun): string {
  mkdirSync(folder, { recursive: true })
  const before = runFiles(folder).filter((name) => name.startsWith(`${project}@`))
  for (const name of before.slice(0, Math.max(0, before.length + 1 - keptRuns))) rmSync(join(folder, name))
  return join(folder, `${project}@${startedAt.toISOString().replaceAll(':', '-')}.json`)
}

/** The runs that are kept, the oldest first. @throws ZodError for a file that is no run. */
export function readRuns(folder = everyRun): TimedRun[] {
  return runFiles(folder)
    .map((name) => run.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
}

/** Those of a project stand together, the oldest first. */
function runFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
}
