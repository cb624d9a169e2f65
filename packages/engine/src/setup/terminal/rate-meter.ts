/** What the rate is taken over: long enough to level out blocks and pauses, short enough to follow a change. */
const windowMs = 8_000
/** Before this a rate would be a guess. */
const leastMs = 1_000
/** Files are written in blocks of megabytes, and a slow network takes seconds for one; past this nothing comes. */
const stalledMs = 20_000
/** Moments that are kept lie at least so far apart. */
const spacingMs = 200

interface Moment {
  atMs: number
  bytes: number
}

/** The rate of a download over its last seconds. Times are those of one clock, as performance.now(). */
export class RateMeter {
  readonly #moments: Moment[] = []
  #bytes = 0
  #grewAtMs = 0

  /** The first call is the beginning: bytes of an earlier try are no part of the rate. */
  add(bytes: number, nowMs: number): void {
    // A server that can't go on in the middle begins anew.
    if (bytes < this.#bytes) this.#moments.length = 0
    const last = this.#moments.at(-1)
    if (last === undefined || bytes > this.#bytes) this.#grewAtMs = nowMs
    this.#bytes = bytes
    if (last === undefined || nowMs - last.atMs >= spacingMs) this.#moments.push({ atMs: nowMs, bytes })
  }

  /** 0 where nothing has come for long; undefined in the first second, and until the first bytes come. */
  bytesPerSecond(nowMs: number): number | undefined {
    const begin = nowMs - windowMs
    // Two are kept, so that there is a rate where blocks lie further apart than the window is long.
    while (this.#moments.length > 2 && (this.#moments[1]?.atMs ?? nowMs) <= begin) this.#moments.shift()
    const [first] = this.#moments
    if (first === undefined || nowMs - first.atMs < leastMs) return undefined
    if (nowMs - this.#grewAtMs >= stalledMs) return 0
    const gained = this.#bytes - first.bytes
    return gained === 0 ? undefined : (gained * 1000) / (nowMs - first.atMs)
  }
}
