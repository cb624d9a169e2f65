import { createInterface, type Interface } from 'node:readline'
import { PromptOutput, type TerminalStreams } from './prompt-output.ts'
import { bold, dim } from './text.ts'

const bracketedPaste = { on: '\u001b[?2004h', off: '\u001b[?2004l' }

/**
 * The terminal that the chat runs in. It always reads the keyboard, so that Ctrl-C is a key press and not a signal to this
 * program and its package manager. Messages typed during an answer are kept for the next prompt.
 */
export class Terminal implements Disposable {
  readonly #streams: TerminalStreams
  readonly #promptOutput: PromptOutput
  readonly #readline: Interface
  /** Messages that have not been read yet. */
  readonly #messages: string[] = []
  /** The lines typed so far of a message that continues. */
  #lines: string[] = []
  #pasting = false
  #ended = false
  /** Whether the last key was Ctrl-C. Pressing it again exits. */
  #interrupted = false
  #wake: () => void = () => undefined
  #running: AbortController | undefined

  constructor(streams: TerminalStreams = process) {
    this.#streams = streams
    this.#promptOutput = new PromptOutput(streams.stdout)
    this.#readline = createInterface({
      input: streams.stdin,
      output: this.#promptOutput,
      terminal: true,
      crlfDelay: Number.POSITIVE_INFINITY,
      historySize: 1000,
    })
    streams.stdin.on('keypress', this.#onKey)
    this.#readline.on('line', (line) => this.#onLine(line))
    this.#readline.on('SIGINT', () => this.#onInterrupt())
    this.#readline.on('close', () => this.#end())
    process.once('exit', this.#restore)
    streams.stdout.write(bracketedPaste.on)
  }

  /** Waits for the next message. Returns undefined when the user exits. */
  async readMessage(): Promise<string | undefined> {
    const typedAhead = this.#messages.shift()
    if (typedAhead !== undefined) {
      // Shows it as if it had been typed now.
      this.print(`${this.#promptText()}${typedAhead}`)
      return typedAhead
    }
    if (this.#ended) return undefined
    this.#promptOutput.enabled = true
    this.#showPrompt()
    while (this.#messages.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#promptOutput.enabled = false
    return this.#messages.shift()
  }

  /** Runs a task and aborts its signal on Ctrl-C. */
  async interruptible<Result>(task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController()
    this.#running = controller
    try {
      return await task(controller.signal)
    } finally {
      this.#running = undefined
    }
  }

  write(text: string): void {
    this.#streams.stdout.write(text)
  }

  print(line: string): void {
    this.#streams.stdout.write(`${line}\n`)
  }

  [Symbol.dispose](): void {
    this.#readline.close()
    this.#streams.stdin.off('keypress', this.#onKey)
    process.off('exit', this.#restore)
    this.#restore()
  }

  readonly #restore = () => {
    this.#streams.stdout.write(bracketedPaste.off)
  }

  readonly #onKey = (_text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    if (key.name === 'paste-start') this.#pasting = true
    if (key.name === 'paste-end') this.#pasting = false
    if (!(key.ctrl && key.name === 'c')) this.#interrupted = false
  }

  #onLine(line: string): void {
    const continues = this.#pasting || line.endsWith('\\')
    this.#lines.push(!this.#pasting && continues ? line.slice(0, -1) : line)
    if (continues) {
      this.#showPrompt()
      return
    }
    const message = this.#lines.join('\n').trim()
    this.#lines = []
    if (message === '') {
      this.#showPrompt()
      return
    }
    this.#messages.push(message)
    this.#wake()
  }

  #onInterrupt(): void {
    if (this.#running !== undefined) {
      // A second Ctrl-C exits even if the task ignores the first.
      if (this.#running.signal.aborted) process.exit(130)
      this.#messages.length = 0
      this.#running.abort()
      this.#interrupted = true
      return
    }
    const isEmpty = this.#readline.line === '' && this.#lines.length === 0
    if (this.#interrupted && isEmpty) {
      this.#end()
      return
    }
    this.#interrupted = true
    this.#lines = []
    // Readline has no method that clears the line, only key bindings.
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.print(isEmpty ? dim(' Press Ctrl-C again or type /exit to exit') : '')
    this.#showPrompt()
  }

  #end(): void {
    this.#ended = true
    this.#wake()
  }

  #showPrompt(): void {
    this.#readline.setPrompt(this.#promptText())
    this.#readline.prompt(true)
  }

  #promptText(): string {
    return this.#lines.length === 0 ? bold('> ') : dim('… ')
  }
}
