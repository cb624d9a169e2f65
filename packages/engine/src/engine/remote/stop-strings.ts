/** Ends a text before the first of several stop strings, however the text is split into pieces. */
export class StopStrings {
  readonly #stop: readonly string[]
  #held = ''

  constructor(stop: readonly string[]) {
    this.#stop = stop
  }

  /** Returns the text that can be shown so far, and the stop string that ended it, if any. */
  add(text: string): { text: string; stopString?: string } {
    const all = this.#held + text
    const places = this.#stop.flatMap((stopString) => {
      const place = all.indexOf(stopString)
      return place < 0 ? [] : { place, stopString }
    })
    const [first] = places.toSorted((one, other) => one.place - other.place)
    if (first !== undefined) {
      this.#held = ''
      return { text: all.slice(0, first.place), stopString: first.stopString }
    }
    const held = Math.max(0, ...this.#stop.map((stop) => overlap(all, stop)))
    this.#held = all.slice(all.length - held)
    return { text: all.slice(0, all.length - held) }
  }

  /** Returns the text that was held back, once no more text comes. */
  rest(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }
}

/** Returns how many characters at the end of a text are the beginning of a stop string. */
function overlap(text: string, stop: string): number {
  let length = Math.min(text.length, stop.length - 1)
  while (length > 0 && !text.endsWith(stop.slice(0, length))) length -= 1
  return length
}
