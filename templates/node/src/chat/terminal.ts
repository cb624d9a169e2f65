import { createInterface, type Interface } from 'node:readline'
import { Gate } from './gate.ts'
import type { TerminalStreams } from './streams.ts'
import { bold, dim } from './text.ts'

const bracketedPaste = { on: '\u001b[?2004h', off: '\u001b[?2004l' }

/**
 * The keyboard and the screen of a chat. The keyboard is read all the time, so that Ctrl-C is a key of ours and not
 * a signal to this program and the package manager around it; what is typed during an answer is kept for the next
 * prompt.
 */
export class Terminal implements Disposable {
  readonly #streams: TerminalStreams
  readonly #gate: Gate
  readonly #readline: Interface
  /** Messages that nobody has read yet. */
  readonly #messages: string[] = []
  /** Lines of a message that goes on. */
  #lines: string[] = []
  #pasting = false
  #ended = false
  /** The last key was Ctrl-C: another one leaves. */
  #interrupted = false
  #wake: () => void = () => undefined
  #running: AbortController | undefined

  constructor(streams: TerminalStreams = process) {
    this.#streams = streams
    this.#gate = new Gate(streams.stdout)
    this.#readline = createInterface({
      input: streams.stdin,
      output: this.#gate,
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

  /** Waits for the next message; undefined when the user leaves. */
  async read(): Promise<string | undefined> {
    const waiting = this.#messages.shift()
    if (waiting !== undefined) {
      // Typed ahead: shown as if it had been typed now.
      this.say(`${this.#promptText()}${waiting}`)
      return waiting
    }
    if (this.#ended) return undefined
    this.#gate.open = true
    this.#showPrompt()
    while (this.#messages.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#gate.open = false
    return this.#messages.shift()
  }

  /** Runs what Ctrl-C stops: it aborts the signal. */
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

  say(line: string): void {
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
    const goesOn = this.#pasting || line.endsWith('\\')
    this.#lines.push(!this.#pasting && goesOn ? line.slice(0, -1) : line)
    if (goesOn) {
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
      // A task that does not heed the first Ctrl-C is left alone with the second.
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
    // Readline has no call that empties the line; these are its keys for that.
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.say(isEmpty ? dim(' Ctrl-C again leaves, and so does /exit') : '')
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
