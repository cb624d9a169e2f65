import type { ChildProcess } from 'node:child_process'
import { standardOutput } from '../terminal/output.ts'
import { descendantsOf, isAlive } from './descendants.ts'

/** Time that an interrupted command has to end by itself before it is killed. */
export const graceMs = 5000

/** So long after the first signal another one is meant: of one Ctrl-C npx makes two. */
const secondMs = 500

/** How often processes that are not this one's children are looked at: nothing tells of their end. */
const lookMs = 20

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The end of a command before its time, with all that it started. */
export interface Ending {
  /** Asks the command to end. It is killed after a grace, or at once when the user asks again. */
  begin(): void
  /** Waits for what the command left running; to be called when it has ended itself. */
  finish(): Promise<void>
  /** Ends all without waiting: this process is about to end. */
  abandon(): void
}

/**
 * Prepares to end a command. A package manager passes on a signal to what it started or does not, as it likes, so
 * what it started is remembered when the end begins.
 *
 * @param name of the command, for the user who waits for its end.
 * @param mark `NAME=value` in its environment, which what it starts inherits.
 */
export function endingOf(child: ChildProcess, name: string, mark: string): Ending {
  const family = new Set<number>()
  let killing: NodeJS.Timeout | undefined
  let saying: NodeJS.Timeout | undefined
  let begunMs = 0

  const find = (): void => {
    if (child.pid === undefined) return
    for (const id of descendantsOf([child.pid, ...family], mark)) family.add(id)
  }
  const tell = (signal: NodeJS.Signals): void => {
    find()
    for (const id of family) {
      try {
        process.kill(id, signal)
      } catch {
        // It has ended.
      }
    }
  }
  const kill = (): void => {
    tell('SIGKILL')
    child.kill('SIGKILL')
  }
  const hurry = (): void => {
    if (performance.now() - begunMs >= secondMs) kill()
  }
  const say = (): void => {
    standardOutput(false).warn(`Waiting for ${name} to end; Ctrl-C again ends it at once.`)
  }
  const askFamily = (): void => tell('SIGTERM')

  return {
    begin: () => {
      begunMs = performance.now()
      find()
      // Not at once: a package manager that passes its signal on would make it two.
      child.once('exit', askFamily)
      if (!child.kill('SIGTERM')) askFamily()
      killing = setTimeout(kill, graceMs)
      saying = setTimeout(say, secondMs)
      for (const name of signals) process.on(name, hurry)
    },
    finish: async () => {
      // Nothing outlives being killed, but for what hangs in the kernel: that is not waited for.
      while ([...family].some(isAlive) && performance.now() - begunMs < 2 * graceMs) {
        await new Promise((resolve) => setTimeout(resolve, lookMs))
      }
      clearTimeout(killing)
      clearTimeout(saying)
      for (const name of signals) process.off(name, hurry)
    },
    abandon: () => {
      tell('SIGTERM')
      child.kill('SIGTERM')
    },
  }
}
