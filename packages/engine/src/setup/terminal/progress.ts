/** Shows how far a download or a load is. The chat, the server and the scripts all do so with this. */
import { styleText } from 'node:util'
import type { LoadProgress } from '../../engine/index.ts'
import { barLine, fractionDone, logLine, type ProgressFacts } from './progress-text.ts'
import { RateMeter } from './rate-meter.ts'

/** Milliseconds between two drawings: often enough to be seen moving. */
const drawMs = 100
/** A bar is drawn again without news too: the rate falls and the time that is left grows while nothing comes. */
const idleMs = 500
/** Checking and loading are told to a log only where they take longer than this. */
const longMs = 2_000
/** Lines of a log lie at least `lineMs` apart, but for the last; none is ever later than `silenceMs`. */
const lineMs = 1_000
const silenceMs = 30_000

export interface ProgressView {
  update(progress: LoadProgress): void
  /** Wipes the line of a terminal; what stands in a log stays. The next update begins anew. */
  end(): void
}

/**
 * A bar on a terminal, lines elsewhere.
 *
 * @param beginning what a terminal shows before the first progress, as `Starting MLX`.
 */
export function showProgress(stream: NodeJS.WriteStream, beginning?: string): ProgressView {
  // A dumb terminal can't go back to the beginning of a line.
  if (stream.isTTY && process.env.TERM !== 'dumb') return showBar(stream, beginning)
  return progressLines((line) => stream.write(`${line}\n`))
}

/** One line that is drawn again and again. */
function showBar(stream: NodeJS.WriteStream, beginning: string | undefined): ProgressView {
  const facts = new Facts()
  let drawnAt: number | undefined
  const draw = () => {
    const known = facts.now()
    drawnAt = performance.now()
    // One column stays free: a full line makes some terminals wrap.
    const columns = (stream.columns || 80) - 1
    const line =
      known === undefined
        ? `${beginning} …`.slice(0, columns)
        : barLine(known, columns, (text) => styleText('green', text, { stream }))
    stream.write(`\r\u001b[K${line}`)
  }
  const redraw = () => {
    if (drawnAt !== undefined && performance.now() - drawnAt >= drawMs) draw()
  }
  const timer = setInterval(redraw, idleMs)
  timer.unref()
  stream.on('resize', redraw)
  const end = () => {
    if (drawnAt !== undefined) stream.write('\r\u001b[K')
    drawnAt = undefined
    clearInterval(timer)
    stream.off('resize', redraw)
    process.off('exit', end)
  }
  process.once('exit', end)
  if (beginning !== undefined) draw()
  return {
    update: (progress) => {
      facts.add(progress)
      const over = progress.loadedBytes === progress.totalBytes
      if (over || drawnAt === undefined || performance.now() - drawnAt >= drawMs) draw()
    },
    end,
  }
}

/**
 * Lines for a log: one when a download begins, one for each tenth, and one every half a minute, so that a slow one is
 * not taken for a dead one.
 */
export function progressLines(write: (line: string, facts: ProgressFacts) => void): ProgressView {
  let facts = new Facts()
  let timer: NodeJS.Timeout | undefined
  let writtenAt: number | undefined
  let tenth = 0
  const tell = (known: ProgressFacts) => {
    writtenAt = performance.now()
    tenth = completedTenths(known)
    write(logLine(known), known)
  }
  const breakSilence = () => {
    const known = facts.now()
    if (known !== undefined && performance.now() - (writtenAt ?? facts.startedAt) >= silenceMs) tell(known)
  }
  return {
    update: (progress) => {
      timer ??= setInterval(breakSilence, silenceMs / 10).unref()
      if (facts.add(progress)) writtenAt = undefined
      const known = facts.now()
      if (known === undefined) return
      const now = performance.now()
      if (writtenAt === undefined) {
        const atOnce = known.stage === 'download' && known.totalBytes > 0
        if (atOnce || now - facts.startedAt >= longMs) tell(known)
        return
      }
      const over = known.loadedBytes === known.totalBytes
      if (completedTenths(known) > tenth && (over || now - writtenAt >= lineMs)) tell(known)
    },
    end: () => {
      clearInterval(timer)
      timer = undefined
      facts = new Facts()
    },
  }
}

/** The newest progress of a stage, with its rate. */
class Facts {
  #progress: LoadProgress | undefined
  #meter = new RateMeter()
  startedAt = performance.now()

  /** @returns whether a stage began. */
  add(progress: LoadProgress): boolean {
    const now = performance.now()
    const began = this.#progress?.stage !== progress.stage
    if (began) {
      this.#meter = new RateMeter()
      this.startedAt = now
    }
    this.#progress = progress
    this.#meter.add(progress.loadedBytes, now)
    return began
  }

  now(): ProgressFacts | undefined {
    if (this.#progress === undefined) return undefined
    return { ...this.#progress, bytesPerSecond: this.#meter.bytesPerSecond(performance.now()) }
  }
}

function completedTenths(progress: LoadProgress): number {
  return Math.floor((fractionDone(progress) ?? 0) * 10)
}
