import { EngineError } from '../../engine/index.ts'
import { statusMark } from '../terminal/terminal.ts'
import { UsageError } from './usage-error.ts'

/**
 * Runs the main function of a program and sets the exit code. The code is what the function returns, 2 for wrong
 * usage, 1 for a failure, and 130 or 143 for an interruption. Errors that the user can fix are printed without a
 * stack. The signal aborts on Ctrl-C, so that the function can clean up.
 */
export async function runMain(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const controller = new AbortController()
  let interrupted: { code: number; atMs: number } | undefined
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(name, () => {
      const nowMs = performance.now()
      // One Ctrl-C may arrive twice: from the terminal, and forwarded by the program that runs this one.
      if (interrupted !== undefined && nowMs - interrupted.atMs > 1000) process.exit(interrupted.code)
      interrupted ??= { code, atMs: nowMs }
      controller.abort()
    })
  }
  try {
    process.exitCode = await main(controller.signal)
  } catch (error) {
    process.exitCode = reportError(error)
  }
  if (interrupted !== undefined) process.exitCode = interrupted.code
}

/** Prints an error. @returns the exit code. */
function reportError(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nSee --help.`)
    return 2
  }
  if (EngineError.isInstance(error)) {
    console.error(`${statusMark(false)} ${error.describe()}`)
    return error.code === 'ABORTED' ? 130 : 1
  }
  console.error(error)
  return 1
}
