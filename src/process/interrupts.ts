import { closeSync } from 'node:fs'
import { InterruptedError } from '../errors.ts'

export interface Interrupts extends Disposable {
  /** Aborted with an InterruptedError by the first signal. */
  signal: AbortSignal
}

/** Turns Ctrl-C, SIGTERM and SIGHUP into an abort, so that whatever runs can clean up before the process ends. */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController()
  const abort = (): void => controller.abort(new InterruptedError())
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, abort)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      // SIGHUP stays heard: that of a terminal that is closed may come after the end of its input, which ends a question.
      for (const name of signals) if (name !== 'SIGHUP') process.off(name, abort)
    },
  }
}

/**
 * To be called last. Node puts the terminal back as it found it when it ends, and aborts with a core dump when that
 * terminal has been closed (`ResetStdio` in its node.cc). What is closed here it leaves out.
 */
export function releaseClosedTerminal(): void {
  // Loads Node's network modules, so only now.
  const { isatty } = process.getBuiltinModule('node:tty')
  for (const descriptor of [0, 1, 2]) {
    if (isatty(descriptor)) continue
    try {
      closeSync(descriptor)
    } catch {
      // It was closed already.
    }
  }
}
