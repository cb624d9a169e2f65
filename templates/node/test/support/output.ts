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
   * Waits until a text is there that was not seen before. @returns what came before it.
   *
   * @throws Error when the output ends first.
   */
  async see(text: string): Promise<string> {
    while (true) {
      const place = this.#text.indexOf(text, this.#seen)
      if (place >= 0) {
        const before = this.#text.slice(this.#seen, place)
        this.#seen = place + text.length
        return before
      }
      if (this.#ended) throw new Error(`"${text}" did not come, but:\n${this.#text.slice(this.#seen)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
