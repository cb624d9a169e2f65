/** Collects the output of a program and waits for text in it. */
export class Output {
  readonly #decoder = new TextDecoder()
  #text = ''
  /** How many characters have been seen. */
  #seen = 0
  #ended = false
  #wake: () => void = () => undefined

  constructor(stream: NodeJS.ReadableStream) {
    stream.on('data', (block: Buffer) => {
      this.#text += this.#decoder.decode(block, { stream: true })
      this.#wake()
    })
    stream.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  get text(): string {
    return this.#text
  }

  /**
   * Waits for text that has not been seen yet. @returns the output before it.
   *
   * @throws Error if the output ends first.
   */
  async see(text: string): Promise<string> {
    while (true) {
      const start = this.#text.indexOf(text, this.#seen)
      if (start >= 0) {
        const before = this.#text.slice(this.#seen, start)
        this.#seen = start + text.length
        return before
      }
      if (this.#ended)
        throw new Error(`Expected "${text}", but the output was:\n${this.#text.slice(this.#seen)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
