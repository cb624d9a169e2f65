import type { ChildProcess } from 'node:child_process'
import { standardOutput } from '../terminal/output.ts'
import { descendantsOf, isAlive } from './descendants.ts'

/** How long an interrupted command may take to end before it is killed. */
export const graceMs = 5000

/** A signal this soon after the first one belongs to the same Ctrl-C: npx turns one into two. */
const sameKeyMs = 500

/** How often processes that are not children of this one are polled: no event reports their end. */
const pollMs = 20

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Ends a command early, with everything that it started. */
export interface Termination {
  /** Asks the command to end. It is killed after the grace period, or at once when the user interrupts again. */
  start(): void
  /** Waits for what the command left running. Call it after the command itself has ended. */
  waitForEnd(): Promise<void>
  /** Ends everything without waiting, because this process is about to exit. */
  endNow(): void
}

/**
 * Prepares to end a command. Package managers may or may not pass a signal on to what they started, so their
 * descendants are remembered when the termination starts.
 *
 * @param name the command, as the user who waits for its end knows it.
 * @param mark `NAME=value` in the command's environment, which everything it starts inherits.
 */
export function prepareTermination(child: ChildProcess, name: string, mark: string): Termination {
  const descendants = new Set<number>()
  let killTimer: NodeJS.Timeout | undefined
  let noticeTimer: NodeJS.Timeout | undefined
  let startMs = 0

  const findDescendants = (): void => {
    if (child.pid === undefined) return
    for (const id of descendantsOf([child.pid, ...descendants], mark)) descendants.add(id)
  }
  const signalDescendants = (signal: NodeJS.Signals): void => {
    findDescendants()
    for (const id of descendants) {
      try {
        process.kill(id, signal)
      } catch {
        // It has ended.
      }
    }
  }
  const killAll = (): void => {
    signalDescendants('SIGKILL')
    child.kill('SIGKILL')
  }
  const killOnNextSignal = (): void => {
    if (performance.now() - startMs >= sameKeyMs) killAll()
  }
  const showNotice = (): void => {
    standardOutput(false).warn(`Waiting for ${name} to exit. Press Ctrl-C again to kill it.`)
  }
  const askDescendants = (): void => signalDescendants('SIGTERM')

  return {
    start: () => {
      startMs = performance.now()
      findDescendants()
      // Not at once: a package manager that passes its signal on would deliver it twice.
      child.once('exit', askDescendants)
      if (!child.kill('SIGTERM')) askDescendants()
      killTimer = setTimeout(killAll, graceMs)
      noticeTimer = setTimeout(showNotice, sameKeyMs)
      for (const signal of signals) process.on(signal, killOnNextSignal)
    },
    waitForEnd: async () => {
      // Only a process that hangs in the kernel survives SIGKILL, and that one is not waited for.
      while ([...descendants].some(isAlive) && performance.now() - startMs < 2 * graceMs) {
        await new Promise((resolve) => setTimeout(resolve, pollMs))
      }
      clearTimeout(killTimer)
      clearTimeout(noticeTimer)
      for (const signal of signals) process.off(signal, killOnNextSignal)
    },
    endNow: () => {
      signalDescendants('SIGTERM')
      child.kill('SIGTERM')
    },
  }
}
