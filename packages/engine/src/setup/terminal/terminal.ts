import { styleText } from 'node:util'
import { EngineError } from '../../engine/index.ts'
import { UsageError } from '../commands/setup-flags.ts'

/** Prints what has been done. Lines, never a screen that moves: they read the same in a log. */
export interface Terminal {
  done(text: string): void
  note(text: string): void
}

export const terminal: Terminal = {
  done: (text) => console.log(`${mark(true)} ${text}`),
  note: (text) => console.log(`${styleText('yellow', '!')} ${text}`),
}

/** ✓ or ✗, coloured where the terminal wants colours. */
export function mark(good: boolean): string {
  return good ? styleText('green', '✓') : styleText('red', '✗')
}

/**
 * Runs a program's main function and sets the exit code: what it returns; 2 for wrong usage, 1 for what could not be
 * done, both without a stack; 130 or 143 when interrupted, after it has cleaned up behind itself.
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
      // One Ctrl-C may arrive twice: from the terminal, and handed on by the program that runs this one.
      if (interrupted !== undefined && nowMs - interrupted.atMs > 1000) process.exit(interrupted.code)
      interrupted ??= { code, atMs: nowMs }
      controller.abort()
    })
  }
  try {
    process.exitCode = await main(controller.signal)
  } catch (error) {
    process.exitCode = report(error)
  }
  if (interrupted !== undefined) process.exitCode = interrupted.code
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nSee --help.`)
    return 2
  }
  if (EngineError.isInstance(error)) {
    console.error(`${mark(false)} ${error.describe()}`)
    return error.code === 'ABORTED' ? 130 : 1
  }
  console.error(error)
  return 1
}
