/**
 * A value as a line of JSON. Half of a surrogate pair, which a text that was cut in the middle of an emoji ends with, is
 * no Unicode: the worker would not read it, so it becomes U+FFFD, as it does wherever a text becomes UTF-8.
 */
export function jsonLine(value: unknown): string {
  const line = JSON.stringify(value)
  // JSON.stringify escapes surrogates only where they stand alone; a backslash of the text is two of them.
  if (!line.includes('\\ud')) return line
  return line.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\\ufffd'))
}

/**
 * Cuts a stream of bytes into lines. Bytes are joined before they are decoded, so that a character is never cut.
 */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #limitBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  /** `limitBytes`: a longer line is dropped down to its last part; only a broken peer sends one. */
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

  /** Gives what is left at the end of the stream. */
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
