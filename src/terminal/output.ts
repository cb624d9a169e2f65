import { writeSync } from 'node:fs'
import { systemErrorCode } from '../errors.ts'

/** Where the tool speaks. With --json the one result goes to stdout and everything else to stderr. */
export interface Output {
  /** A line for a person. */
  say(line?: string): void
  /** A line for a person that is about something wrong. */
  warn(line: string): void
  /** The result for a program: one line of JSON on stdout. Does nothing without --json. */
  result(value: unknown): void
  /** Where `say` writes, for questions and for what child processes print. */
  readonly channel: 'stdout' | 'stderr'
  /** Why something could not be written, as a code of the system; nothing while all could. */
  readonly lost: string | undefined
}

/** @param json whether a program reads stdout. */
export function standardOutput(json: boolean): Output {
  const channel = json ? 'stderr' : 'stdout'
  let lost: string | undefined
  const put = (to: 'stdout' | 'stderr', text: string): void => {
    lost = write(to, text) ?? lost
  }
  return {
    channel,
    get lost() {
      return lost
    },
    say: (line = '') => put(channel, `${line}\n`),
    warn: (line) => put('stderr', `${line}\n`),
    result: (value) => {
      if (json) put('stdout', `${JSON.stringify(value)}\n`)
    },
  }
}

/**
 * Writes directly: making the streams of `process` loads a dozen modules of Node, which takes as long as
 * composing a project. They are the way out where the other end is not ready (EAGAIN).
 *
 * @returns why it could not be written; undefined when it was, or when nobody is left to read it.
 */
function write(channel: 'stdout' | 'stderr', text: string): string | undefined {
  const bytes = Buffer.from(text)
  let written = 0
  try {
    while (written < bytes.length) {
      written += writeSync(channel === 'stdout' ? 1 : 2, bytes, written)
    }
  } catch (error) {
    const code = systemErrorCode(error)
    // The reader has gone (`create-mlx-app --help | head -1`, a terminal that was closed): nobody is left to tell.
    if (code === 'EPIPE' || code === 'EIO') return undefined
    if (code !== 'EAGAIN') return code ?? String(error)
    process[channel].write(bytes.subarray(written))
  }
  return undefined
}
