/** Exit code of the tool: 0 created, 1 failed, 2 wrong usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130

export interface CreateErrorOptions {
  /** What is available, and what to run next, one line each. */
  hints?: readonly string[]
  cause?: unknown
}

/**
 * Base class of the errors that are shown to the user without a stack. `message` says what failed, and `hints` what to
 * do. Anything else that is thrown is a bug in this tool.
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

/** Reports a wrong command line: an unknown flag or value, or a missing one. */
export class UsageError extends CreateError {
  override readonly name: string = 'UsageError'
  override readonly exitCode: ExitCode = 2
}

/** Reports Ctrl-C, or a signal that asks the process to end. */
export class InterruptedError extends CreateError {
  override readonly name: string = 'InterruptedError'
  override readonly exitCode: ExitCode = 130

  constructor(message = 'Interrupted. Nothing was written.') {
    super(message)
  }
}
