import { Writable } from 'node:stream'
import type { TerminalStreams } from './streams.ts'

/** A terminal's output that lets text through only while it is open: readline draws the prompt, and no more. */
export class Gate extends Writable {
  open = false
  readonly #screen: TerminalStreams['stdout']

  constructor(screen: TerminalStreams['stdout']) {
    super({ decodeStrings: false })
    this.#screen = screen
    screen.on('resize', () => this.emit('resize'))
  }

  /** Readline asks for it to know where lines wrap. */
  get columns(): number | undefined {
    return this.#screen.columns
  }

  get rows(): number | undefined {
    return this.#screen.rows
  }

  override _write(text: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.open) this.#screen.write(text)
    done()
  }
}
