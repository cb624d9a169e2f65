import { stripVTControlCharacters } from 'node:util'
import { type IPty, spawn } from '@lydell/node-pty'

export const keys = { enter: '\r', controlC: '\u0003', controlD: '\u0004' }

/** How long a test waits for something to be drawn. */
const patienceMs = 60_000

export interface TerminalOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  columns?: number
}

/** Runs a program of Node on a real pseudo-terminal. */
export class TestTerminal implements AsyncDisposable {
  readonly #terminal: IPty
  readonly #exited: Promise<number>
  readonly #listeners = new Set<() => void>()
  #drawn = ''
  #running = true

  constructor(commandLine: readonly string[], { cwd, env, columns = 80 }: TerminalOptions) {
    const plain = { ...env, TERM: 'xterm-256color', CI: undefined }
    this.#terminal = spawn(process.execPath, [...commandLine], {
      cwd,
      cols: columns,
      rows: 24,
      // A variable that is undefined would come as a text of that name.
      env: Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    })
    this.#terminal.onData((data) => {
      this.#drawn += data
      for (const listener of this.#listeners) listener()
    })
    this.#exited = new Promise((resolve) =>
      this.#terminal.onExit(({ exitCode, signal }) => {
        this.#running = false
        resolve(signal ? 128 + signal : exitCode)
      }),
    )
  }

  /** All that came, control sequences too. */
  get raw(): string {
    return this.#drawn
  }

  /** All that came, as plain text; a line that was drawn over is one more line. */
  get text(): string {
    return stripVTControlCharacters(this.#drawn).replaceAll(/\r+\n/g, '\n').replaceAll('\r', '\n')
  }

  /** Every state of a line that was drawn over, oldest first. */
  get lines(): string[] {
    return this.text.split('\n')
  }

  press(pressed: string): void {
    this.#terminal.write(pressed)
  }

  resize(columns: number): void {
    this.#terminal.resize(columns, 24)
  }

  /** Waits until the text fits the pattern, and gives the match. */
  see(wanted: RegExp | string): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { text } = this
        const found = typeof wanted === 'string' ? text.includes(wanted) && wanted : wanted.exec(text)?.[0]
        if (!found) return
        clearTimeout(timer)
        this.#listeners.delete(look)
        resolve(found)
      }
      const timer = setTimeout(() => {
        this.#listeners.delete(look)
        reject(new Error(`${wanted} was not drawn, but:\n${this.text}`))
      }, patienceMs)
      this.#listeners.add(look)
      look()
    })
  }

  /** The exit code, 128 and the number of the signal that ended it. */
  get exitCode(): Promise<number> {
    return this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running) this.#terminal.kill('SIGKILL')
    await this.#exited
  }
}
