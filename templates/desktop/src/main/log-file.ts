import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The log of the app in a file. A full one is kept as `NAME.old`, in place of the one before. */
export class LogFile {
  readonly path: string
  readonly #maxBytes: number

  constructor(path: string, maxBytes = 1_000_000) {
    this.path = path
    this.#maxBytes = maxBytes
  }

  /** Adds lines. If that fails, for example because the disk is full, the app goes on without them. */
  readonly write = (lines: string): void => {
    try {
      mkdirSync(dirname(this.path), { recursive: true })
      const { size = 0 } = statSync(this.path, { throwIfNoEntry: false }) ?? {}
      if (size > 0 && size + Buffer.byteLength(lines) > this.#maxBytes)
        renameSync(this.path, `${this.path}.old`)
      appendFileSync(this.path, lines, { mode: 0o600 })
    } catch (error) {
      console.error(error)
    }
  }

  /** Adds an error that is not in the log of the engine. */
  readonly writeError = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.write(`${new Date().toISOString()} ${text}\n`)
  }
}
