import { type ParseArgsConfig, parseArgs } from 'node:util'

/** A command line that is wrong. The program prints its message without a stack and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Parses flags. @throws UsageError for a wrong one. */
export function parseFlags<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw asUsageError(error)
  }
}

/** Returns an error of `parseArgs` about wrong flags as a UsageError, and any other error unchanged. */
function asUsageError(error: unknown): unknown {
  const wrongFlags =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  return wrongFlags ? new UsageError(error.message) : error
}
