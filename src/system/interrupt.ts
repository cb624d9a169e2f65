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
      for (const name of signals) process.off(name, abort)
    },
  }
}
