/** The longest time between two looks at a worker. It sends a heartbeat each second while it has work. */
const longestTickMs = 1000
/** A worker that has had work for this long without a step is reported. A chunk of a prompt takes half a second. */
const longestReportMs = 8000

export interface StallOptions {
  /** How long a worker may have work without a step, in milliseconds. */
  stallTimeoutMs: number
  /** Called when the worker stalls, and when it goes on. */
  onStall: (stalled: boolean) => void
  /** Called once, when the bound is over. */
  onTimeout: () => void
}

/**
 * Watches a worker while calls wait for it. A worker whose step takes too long says so in its heartbeats, and one that
 * was stopped sends nothing.
 */
export class StallDetector {
  readonly #options: StallOptions
  readonly #tickMs: number
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0
  #silentMs = 0
  #isStalled = false

  constructor(options: StallOptions) {
    this.#options = options
    this.#tickMs = Math.min(longestTickMs, options.stallTimeoutMs / 8)
  }

  /** Sets whether calls wait. */
  watch(waiting: boolean): void {
    if (waiting === (this.#timer !== undefined)) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#report(0)
    if (!waiting) return
    this.#lookedAt = performance.now()
    // Calls that wait keep the process running, not their timer.
    this.#timer = setInterval(() => this.#look(), this.#tickMs).unref()
  }

  /** Notes an event of the worker. `stalledMs` is what a heartbeat says. */
  onEvent(stalledMs = 0): void {
    this.#report(stalledMs)
  }

  #look(): void {
    const now = performance.now()
    // After a pause of this process or of the machine, the worker gets time to go on.
    this.#report(this.#silentMs + Math.min(now - this.#lookedAt, 2 * this.#tickMs))
    this.#lookedAt = now
  }

  #report(silentMs: number): void {
    const { stallTimeoutMs, onStall, onTimeout } = this.#options
    this.#silentMs = silentMs
    const isStalled = silentMs >= Math.min(longestReportMs, stallTimeoutMs / 2)
    if (isStalled !== this.#isStalled) {
      this.#isStalled = isStalled
      onStall(isStalled)
    }
    if (silentMs < stallTimeoutMs) return
    this.#silentMs = 0
    onTimeout()
  }
}
