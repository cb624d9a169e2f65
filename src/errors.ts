/** How the tool ends: 0 made, 1 could not, 2 wrong usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130

export interface CreateErrorOptions {
  /** What is available and the next command to run, one line each. */
  hints?: readonly string[]
  cause?: unknown
}

/**
 * The base of every error that is told to the user without a stack: what failed in `message`, what to do
 * in `hints`. Anything else that is thrown is a bug of this tool.
 */
export class CreateError extends Error {
  override readonly name: string = 'CreateError'
  readonly exitCode: ExitCode = 1
  readonly hints: readonly string[]

  constructor(message: string, options: CreateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hints = options.hints ?? []
  }
}

/** The command line is wrong: an unknown flag or value, or one that is missing. */
export class UsageError extends CreateError {
  override readonly name: string = 'UsageError'
  override readonly exitCode: ExitCode = 2
}

/** Ctrl-C, or a signal that asks the process to end. */
export class InterruptedError extends CreateError {
  override readonly name: string = 'InterruptedError'
  override readonly exitCode: ExitCode = 130

  constructor(message = 'Interrupted: nothing was written.') {
    super(message)
  }
}

/** The `code` of an error of Node's file system or process calls (ENOENT, EACCES, ...), if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
