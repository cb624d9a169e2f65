/** All error codes, for programs to switch on. */
export const engineErrorCodes = [
  'ABORTED',
  'ACCESS_DENIED',
  'CONTEXT_LENGTH_EXCEEDED',
  'DEADLINE_EXCEEDED',
  'DISK_FULL',
  'DISPOSED',
  'DOWNLOAD_FAILED',
  'INTERNAL',
  'INVALID_OUTPUT',
  'INVALID_REQUEST',
  'MLX_NOT_WORKING',
  'MODEL_CORRUPT',
  'MODEL_GATED',
  'MODEL_NOT_FOUND',
  'OUT_OF_MEMORY',
  'PROTOCOL_MISMATCH',
  'PYTHON_NOT_FOUND',
  'PYTHON_TOO_OLD',
  'QUEUE_FULL',
  'REMOTE_FAILED',
  'SETUP_NEEDED',
  'UNSUPPORTED',
  'WORKER_EXITED',
  'WORKER_STALLED',
] as const

/** One of `engineErrorCodes`. docs/troubleshooting.md explains how to fix each. */
export type EngineErrorCode = (typeof engineErrorCodes)[number]

export interface EngineErrorOptions {
  /** How to fix the error, usually a command. */
  hint?: string | undefined
  cause?: unknown
}

/** Returns the DISPOSED error of a call to an engine that has ended. */
export function disposedError(): EngineError {
  return new EngineError('DISPOSED', 'The engine was disposed.', {
    hint: 'Create another engine with createEngine().',
  })
}

/**
 * The error that the engine throws. `message` says what failed, and `hint` how to fix it. `code` is the same in all
 * versions.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  readonly hint: string | undefined

  constructor(code: EngineErrorCode, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }

  /** Returns whether a value is an EngineError, including one from another copy of this module. */
  static isInstance(error: unknown): error is EngineError {
    return error instanceof Error && error.name === 'EngineError' && 'code' in error
  }

  /** Returns the message with the hint on a line of its own, for a terminal. */
  describe(): string {
    return this.hint === undefined ? this.message : `${this.message}\n${this.hint}`
  }
}
