/** The rate is averaged over this time: long enough to smooth out blocks and pauses, short enough to follow changes. */
const windowMs = 8_000
/** A rate before this time would be a guess. */
const minimumMs = 1_000
/** A download has stalled after this time. Blocks have megabytes, and a slow network takes seconds for one. */
const stalledMs = 20_000
/** The minimum time between two samples. */
const spacingMs = 200

interface Sample {
  atMs: number
  bytes: number
}

/** Measures the rate of a download over its last seconds. All times must come from one clock, such as performance.now(). */
export class RateMeter {
  readonly #samples: Sample[] = []
  #bytes = 0
  #grewAtMs = 0

  /** Adds a sample. The first one is the start, so bytes of an earlier attempt don't count. */
  add(bytes: number, nowMs: number): void {
    // A server that can't resume a download starts again.
    if (bytes < this.#bytes) this.#samples.length = 0
    const last = this.#samples.at(-1)
    if (last === undefined || bytes > this.#bytes) this.#grewAtMs = nowMs
    this.#bytes = bytes
    if (last === undefined || nowMs - last.atMs >= spacingMs) this.#samples.push({ atMs: nowMs, bytes })
  }

  /** Returns the rate: 0 if the download has stalled, undefined in the first second and until the first bytes arrive. */
  bytesPerSecond(nowMs: number): number | undefined {
    const begin = nowMs - windowMs
    // At least two samples are kept, for blocks that arrive less often than once per window.
    while (this.#samples.length > 2 && (this.#samples[1]?.atMs ?? nowMs) <= begin) this.#samples.shift()
    const [first] = this.#samples
    if (first === undefined || nowMs - first.atMs < minimumMs) return undefined
    if (nowMs - this.#grewAtMs >= stalledMs) return 0
    const gained = this.#bytes - first.bytes
    return gained === 0 ? undefined : (gained * 1000) / (nowMs - first.atMs)
  }
}
