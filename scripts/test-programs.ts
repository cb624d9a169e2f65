/** Installs the system programs that tests need, at the start of `npm test`. Exits with 1 in CI if it can't. */
import { ensurePrograms } from '../test/support/programs/ensure.ts'

process.exitCode = await ensurePrograms({
  environment: process.env,
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  lockWaitMs: 300_000,
  print: (line) => console.log(line),
})
