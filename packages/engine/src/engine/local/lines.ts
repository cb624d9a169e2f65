/**
 * Returns a value as a line of JSON. A text that was cut inside an emoji ends with half of a surrogate pair. That is not
 * valid Unicode and the worker would refuse it, so it becomes U+FFFD, as in any conversion to UTF-8.
 */
export function jsonLine(value: unknown): string {
  const line = JSON.stringify(value)
  // JSON.stringify escapes only lone surrogates, and writes a backslash of the text as two.
  if (!line.includes('\\ud')) return line
  return line.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\\ufffd'))
}

/** Splits a stream of bytes into lines. It joins bytes before it decodes them, so a character is never cut. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #limitBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  /** @param limitBytes the length above which all but the end of a line is dropped; only a broken peer sends one */
  constructor(onLine: (line: string) => void, limitBytes: number) {
    this.#onLine = onLine
    this.#limitBytes = limitBytes
  }

  push(block: Buffer): void {
    let start = 0
    for (let end = block.indexOf(10); end !== -1; end = block.indexOf(10, start)) {
      this.#parts.push(block.subarray(start, end))
      this.flush()
      start = end + 1
    }
    if (start === block.length) return
    this.#parts.push(block.subarray(start))
    this.#bytes += block.length - start
    if (this.#bytes > this.#limitBytes) this.#reset()
  }

  /** Passes on what is left at the end of the stream. */
  flush(): void {
    const line = (this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts))?.toString('utf8')
    this.#reset()
    if (line) this.#onLine(line)
  }

  #reset(): void {
    this.#parts = []
    this.#bytes = 0
  }
}
