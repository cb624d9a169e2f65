/** Shows the progress of a download or a load in the chat, the server and the scripts. */
import { styleText } from 'node:util'
import type { LoadProgress } from '../../engine/index.ts'
import { completedFraction, formatBarLine, formatLogLine, type RatedProgress } from './progress-text.ts'
import { RateMeter } from './rate-meter.ts'

/** The minimum time between two drawings of a bar. */
const drawMs = 100
/** A bar is also redrawn without news, because the rate drops and the remaining time grows. */
const idleMs = 500
/** Checking and loading appear in a log only if they take longer than this. */
const longMs = 2_000
/** The minimum time between two lines of a log, except before the last one. */
const lineMs = 1_000
/** The maximum time between two lines of a log. */
const silenceMs = 30_000

export interface ProgressView {
  update(progress: LoadProgress): void
  /** Clears the line of a terminal. Lines in a log stay. The next update starts again. */
  end(): void
}

/**
 * Shows progress as a bar in a terminal, and as lines otherwise.
 *
 * @param initialText what a terminal shows before the first progress, such as `Starting MLX`.
 */
export function showProgress(stream: NodeJS.WriteStream, initialText?: string): ProgressView {
  // A dumb terminal can't return to the start of a line.
  if (stream.isTTY && process.env.TERM !== 'dumb') return showBar(stream, initialText)
  return progressLines((line) => stream.write(`${line}\n`))
}

function showBar(stream: NodeJS.WriteStream, initialText: string | undefined): ProgressView {
  const tracker = new ProgressTracker()
  let drawnAt: number | undefined
  const draw = () => {
    const progress = tracker.current()
    drawnAt = performance.now()
    // One column stays empty: a full line makes some terminals wrap.
    const columns = (stream.columns || 80) - 1
    const line =
      progress === undefined
        ? `${initialText} …`.slice(0, columns)
        : formatBarLine(progress, columns, (text) => styleText('green', text, { stream }))
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
  if (initialText !== undefined) draw()
  return {
    update: (progress) => {
      tracker.add(progress)
      const complete = progress.loadedBytes === progress.totalBytes
      if (complete || drawnAt === undefined || performance.now() - drawnAt >= drawMs) draw()
    },
    end,
  }
}

/**
 * Reports progress as lines for a log: one at the start of a download, one for each 10 %, and at least one every 30
 * seconds, so that a slow download doesn't look dead.
 */
export function progressLines(write: (line: string, progress: RatedProgress) => void): ProgressView {
  let tracker = new ProgressTracker()
  let timer: NodeJS.Timeout | undefined
  let writtenAt: number | undefined
  let writtenTenths = 0
  const writeLine = (progress: RatedProgress) => {
    writtenAt = performance.now()
    writtenTenths = completedTenths(progress)
    write(formatLogLine(progress), progress)
  }
  const breakSilence = () => {
    const progress = tracker.current()
    if (progress === undefined) return
    if (performance.now() - (writtenAt ?? tracker.startedAt) >= silenceMs) writeLine(progress)
  }
  return {
    update: (update) => {
      timer ??= setInterval(breakSilence, silenceMs / 10).unref()
      if (tracker.add(update)) writtenAt = undefined
      const progress = tracker.current()
      if (progress === undefined) return
      const now = performance.now()
      if (writtenAt === undefined) {
        const atOnce = progress.stage === 'download' && progress.totalBytes > 0
        if (atOnce || now - tracker.startedAt >= longMs) writeLine(progress)
        return
      }
      const complete = progress.loadedBytes === progress.totalBytes
      const due = complete || now - writtenAt >= lineMs
      if (due && completedTenths(progress) > writtenTenths) writeLine(progress)
    },
    end: () => {
      clearInterval(timer)
      timer = undefined
      tracker = new ProgressTracker()
    },
  }
}

/** Keeps the latest progress of a stage, with its rate. */
class ProgressTracker {
  #progress: LoadProgress | undefined
  #meter = new RateMeter()
  startedAt = performance.now()

  /** Adds progress. @returns whether a new stage began. */
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

  /** Returns the latest progress, or undefined if there was none. */
  current(): RatedProgress | undefined {
    if (this.#progress === undefined) return undefined
    return { ...this.#progress, bytesPerSecond: this.#meter.bytesPerSecond(performance.now()) }
  }
}

function completedTenths(progress: LoadProgress): number {
  return Math.floor((completedFraction(progress) ?? 0) * 10)
}
