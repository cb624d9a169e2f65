/** A command line that is wrong. The program prints its message without a stack and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Returns an error of `parseArgs` about wrong flags as a UsageError, and any other error unchanged. */
export function asUsageError(error: unknown): unknown {
  const wrongFlags =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  return wrongFlags ? new UsageError(error.message) : error
}
