import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { chat, directory, environment, python } from './program.ts'

export const keys = { enter: '\r', controlC: '\u0003', controlD: '\u0004' }

/** Runs the chat in a pseudo-terminal, types keys, and waits for output. */
export class Screen implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<unknown[]>
  #raw = ''
  /** How many characters of `#raw` have been seen. */
  #seen = 0
  #wake: () => void = () => undefined

  constructor(
    commandLine: readonly string[] = [],
    { columns = 80, extra = {} }: { columns?: number; extra?: NodeJS.ProcessEnv } = {},
  ) {
    const program = [process.execPath, ...chat, ...commandLine]
    const terminal = join(import.meta.dirname, 'terminal.py')
    this.#child = spawn(python, [terminal, String(columns), ...program], {
      cwd: directory,
      env: { ...environment, TERM: 'xterm-256color', ...extra },
    })
    this.#exited = once(this.#child, 'close')
    const decoder = new TextDecoder()
    this.#child.stdout.on('data', (block: Buffer) => {
      this.#raw += decoder.decode(block, { stream: true })
      this.#wake()
    })
    this.#child.stderr.on('data', (block: Buffer) => process.stderr.write(block))
    this.#child.stdin.on('error', () => undefined)
    this.#child.on('close', () => this.#wake())
  }

  /** The output with escape sequences. */
  get raw(): string {
    return this.#raw
  }

  type(...text: string[]): void {
    this.#child.stdin.write(text.join(''))
  }

  /**
   * Waits for text that has not been seen yet. Returns the output up to its end as plain text.
   *
   * @throws Error if the program exits first.
   */
  async see(text: string): Promise<string> {
    while (true) {
      const shown = plain(this.#raw.slice(this.#seen))
      const place = shown.indexOf(text)
      if (place >= 0) {
        this.#seen = this.#endOf(text)
        return shown.slice(0, place + text.length)
      }
      if (this.#child.exitCode !== null) throw new Error(`Expected "${text}", but the output was:\n${shown}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Types a message. Returns the output between it and the next prompt. */
  async send(message: string): Promise<string> {
    this.type(message, keys.enter)
    await this.see(`${message}\n`)
    const shown = await this.see('\n> ')
    return shown.slice(0, -'\n> '.length)
  }

  /** Waits until the program exits. Returns the exit code. */
  async exitCode(): Promise<unknown> {
    const [code] = await this.#exited
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill()
    await this.#exited
  }

  /** Returns the end of the shortest piece of new output that contains the text. */
  #endOf(text: string): number {
    let end = this.#seen
    while (!plain(this.#raw.slice(this.#seen, end)).includes(text)) end += 1
    return end
  }
}

/** Returns the output without escape sequences, with lines that end in \n. */
function plain(raw: string): string {
  return stripVTControlCharacters(raw).replaceAll(/\r+\n/g, '\n')
}
