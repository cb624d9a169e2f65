/** What a program writes, as it comes. */
export class Output {
  readonly #decoder = new TextDecoder()
  #text = ''
  /** How much of the text was seen already. */
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
   * Waits until the text is there, after what was seen before.
   *
   * @throws Error when the output ends first.
   */
  async see(text: string): Promise<void> {
    while (true) {
      const place = this.#text.indexOf(text, this.#seen)
      if (place >= 0) {
        this.#seen = place + text.length
        return
      }
      if (this.#ended) throw new Error(`"${text}" did not come, but:\n${this.#text.slice(this.#seen)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
