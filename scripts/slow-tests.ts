/**
 * Lists the tests and hooks of the last runs that took more than half of their time limit, and those that took more than a
 * third, for `npm run test:slow`.
 *
 * Exits with 1 if any took more than half, or if there are no runs. To forget older runs, remove .cache/test-times.
 */
import { readRuns } from '../test/support/times/records.ts'
import { slowTestLines, slowTests } from '../test/support/times/slow.ts'

const runs = readRuns()
if (runs.length === 0) {
  console.error('No test runs are recorded. Run the tests first: npm test')
  process.exitCode = 1
} else {
  console.log(slowTestLines(runs).join('\n'))
  if (slowTests(runs).near.length > 0) process.exitCode = 1
}
