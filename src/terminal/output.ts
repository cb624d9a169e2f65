import { writeSync } from 'node:fs'
import { systemErrorCode } from '../system-errors.ts'

/** Writes what the tool prints. With --json the result goes to stdout, and everything else to stderr. */
export interface Output {
  /** Prints a line for a person. */
  say(line?: string): void
  /** Prints a line about a problem to stderr. */
  warn(line: string): void
  /** Prints the result for a program as one line of JSON on stdout. Does nothing without --json. */
  result(value: unknown): void
  /** Where `say` writes, and where prompts and child processes must write. */
  readonly channel: 'stdout' | 'stderr'
  /** The system's code for why output was lost; undefined while everything could be written. */
  readonly writeError: string | undefined
}

/** @param json whether a program reads stdout. */
export function standardOutput(json: boolean): Output {
  const channel = json ? 'stderr' : 'stdout'
  let writeError: string | undefined
  const put = (to: 'stdout' | 'stderr', text: string): void => {
    writeError = write(to, text) ?? writeError
  }
  return {
    channel,
    get writeError() {
      return writeError
    },
    say: (line = '') => put(channel, `${line}\n`),
    warn: (line) => put('stderr', `${line}\n`),
    result: (value) => {
      if (json) put('stdout', `${JSON.stringify(value)}\n`)
    },
  }
}

/**
 * Writes without the streams of `process`: they load a dozen of Node's modules, which takes as long as composing a
 * project. They are used only when the other end is not ready (EAGAIN).
 *
 * @returns why the text could not be written; undefined when it was, or when nobody reads it any more.
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
    // The reader is gone (`create-mlx-app --help | head -1`, a closed terminal): there is nobody to tell.
    if (code === 'EPIPE' || code === 'EIO') return undefined
    if (code !== 'EAGAIN') return code ?? String(error)
    process[channel].write(bytes.subarray(written))
  }
  return undefined
}
