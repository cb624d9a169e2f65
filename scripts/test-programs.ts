/** Gets the system programs that the tests need; `npm test` begins with it. Ends with 1 in CI where it can't. */
import { ensurePrograms } from '../test/support/programs/ensure.ts'

process.exitCode = await ensurePrograms({
  environment: process.env,
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  lockWaitMs: 300_000,
  print: (line) => console.log(line),
})
