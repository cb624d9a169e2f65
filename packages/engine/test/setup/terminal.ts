import { stripVTControlCharacters } from 'node:util'
import { type IPty, spawn } from '@lydell/node-pty'

export const keys = { enter: '\r', controlC: '\u0003', controlD: '\u0004' }

/** How long a test waits for text in the terminal. */
const timeoutMs = 60_000

export interface TerminalOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  columns?: number
  /** The program to run, by default Node.js. */
  program?: string
}

/** Runs a program in a real pseudo-terminal. */
export class TestTerminal implements AsyncDisposable {
  readonly #terminal: IPty
  readonly #exited: Promise<number>
  readonly #listeners = new Set<() => void>()
  #output = ''
  #running = true

  constructor(
    commandLine: readonly string[],
    { cwd, env, columns = 80, program = process.execPath }: TerminalOptions,
  ) {
    const plain = { ...env, TERM: 'xterm-256color', CI: undefined }
    this.#terminal = spawn(program, [...commandLine], {
      cwd,
      cols: columns,
      rows: 24,
      // An undefined variable would be passed on as the text "undefined".
      env: Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    })
    this.#terminal.onData((data) => {
      this.#output += data
      for (const listener of this.#listeners) listener()
    })
    this.#exited = new Promise((resolve) =>
      this.#terminal.onExit(({ exitCode, signal }) => {
        this.#running = false
        resolve(signal ? 128 + signal : exitCode)
      }),
    )
  }

  /** The whole output, with control sequences. */
  get raw(): string {
    return this.#output
  }

  /** The whole output as plain text. Each state of a redrawn line is a line of its own. */
  get text(): string {
    return stripVTControlCharacters(this.#output).replaceAll(/\r+\n/g, '\n').replaceAll('\r', '\n')
  }

  /** The lines of `text`, oldest first. */
  get lines(): string[] {
    return this.text.split('\n')
  }

  press(pressed: string): void {
    this.#terminal.write(pressed)
  }

  resize(columns: number): void {
    this.#terminal.resize(columns, 24)
  }

  /** Waits until the output contains a text or matches a pattern. @returns the match. */
  see(expected: RegExp | string): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { text } = this
        const found =
          typeof expected === 'string' ? text.includes(expected) && expected : expected.exec(text)?.[0]
        if (!found) return
        clearTimeout(timer)
        this.#listeners.delete(look)
        resolve(found)
      }
      const timer = setTimeout(() => {
        this.#listeners.delete(look)
        reject(new Error(`The output has no ${expected}:\n${this.text}`))
      }, timeoutMs)
      this.#listeners.add(look)
      look()
    })
  }

  /** Resolves when the program writes something. */
  nextOutput(): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        this.#listeners.delete(listener)
        resolve()
      }
      this.#listeners.add(listener)
    })
  }

  /** The exit code: 128 plus the number of the signal, if a signal ended the program. */
  get exitCode(): Promise<number> {
    return this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running) this.#terminal.kill('SIGKILL')
    await this.#exited
  }
}
