import { Writable } from 'node:stream'

/** The streams of a terminal. `process` has them. */
export interface TerminalStreams {
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream & { columns?: number; rows?: number }
}

/** The output that readline writes to. It drops everything while it is disabled, so that readline only draws the prompt. */
export class PromptOutput extends Writable {
  enabled = false
  readonly #screen: TerminalStreams['stdout']

  constructor(screen: TerminalStreams['stdout']) {
    super({ decodeStrings: false })
    this.#screen = screen
    screen.on('resize', () => this.emit('resize'))
  }

  /** The width of the terminal, from which readline knows where lines wrap. */
  get columns(): number | undefined {
    return this.#screen.columns
  }

  get rows(): number | undefined {
    return this.#screen.rows
  }

  override _write(text: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.enabled) this.#screen.write(text)
    done()
  }
}
