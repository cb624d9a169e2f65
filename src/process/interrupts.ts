import { closeSync } from 'node:fs'
import { InterruptedError } from '../errors.ts'

export interface Interrupts extends Disposable {
  /** Is aborted with an InterruptedError by the first signal. */
  signal: AbortSignal
}

/** Turns Ctrl-C, SIGTERM and SIGHUP into an abort, so that steps can clean up before the process exits. */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController()
  const abort = (): void => controller.abort(new InterruptedError())
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, abort)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      // SIGHUP is still handled: when a terminal is closed, its input ends first, which ends a prompt.
      for (const name of signals) if (name !== 'SIGHUP') process.off(name, abort)
    },
  }
}

/**
 * Closes the standard streams that are no terminal any more. Call it last: on exit Node resets the terminal, and aborts
 * with a core dump if that terminal has been closed (`ResetStdio` in node.cc). It skips streams that are closed.
 */
export function releaseClosedTerminal(): void {
  // Loads Node's network modules, so not before it is needed.
  const { isatty } = process.getBuiltinModule('node:tty')
  for (const descriptor of [0, 1, 2]) {
    if (isatty(descriptor)) continue
    try {
      closeSync(descriptor)
    } catch {
      // It is closed already.
    }
  }
}
