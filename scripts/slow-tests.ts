/**
 * Lists the tests and hooks of the last runs that took more than half of their time limits, and those that took more
 * than a third: npm run test:slow
 *
 * Exit code 1 when some took more than half, or when nothing was run. Remove .cache/test-times to forget older runs.
 */
import { readRuns } from '../test/support/times/records.ts'
import { slowTestLines, slowTests } from '../test/support/times/slow.ts'

const runs = readRuns()
if (runs.length === 0) {
  console.error('No run of the tests is recorded. Run them first: npm test')
  process.exitCode = 1
} else {
  console.log(slowTestLines(runs).join('\n'))
  if (slowTests(runs).near.length > 0) process.exitCode = 1
}
