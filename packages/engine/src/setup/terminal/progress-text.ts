import type { LoadProgress } from '../../engine/index.ts'
import { formatBytes, formatDuration } from './format.ts'

const verbs = { download: 'Downloading', verify: 'Checking', load: 'Loading' }

/** The width of a bar. A narrower one would seem not to move, and a wider one shows nothing more. */
const barColumns = { minimum: 8, maximum: 30 }

/** Progress with its rate. */
export interface RatedProgress extends LoadProgress {
  /** Undefined until it is known. */
  bytesPerSecond: number | undefined
}

/** Returns the completed fraction from 0 to 1, or undefined until the total size is known. */
export function completedFraction({ loadedBytes, totalBytes }: LoadProgress): number | undefined {
  return totalBytes === 0 ? undefined : Math.min(1, loadedBytes / totalBytes)
}

/** Formats a line for a log, such as `Downloading: 30 %, 700 MB of 2.3 GB, 34.5 MB/s, 0:45 left`. */
export function formatLogLine(progress: RatedProgress): string {
  const percent = formatPercent(progress)
  const parts = [percent, formatAmount(progress), formatRate(progress), formatTimeLeft(progress)]
  return `${verbs[progress.stage]}: ${parts.filter((part) => part !== undefined).join(', ')}`
}

/**
 * Formats a line with a bar for a terminal. It is never wider than `columns`: a narrow one leaves out details, and the
 * percentage last.
 *
 * @param paint colours the completed part of the bar.
 */
export function formatBarLine(
  progress: RatedProgress,
  columns: number,
  paint: (text: string) => string = (text) => text,
): string {
  const verb = verbs[progress.stage].padEnd(verbs.download.length)
  const amount = formatAmount(progress, 7)
  const fraction = completedFraction(progress)
  if (fraction === undefined) {
    const known = [verbs[progress.stage], amount, formatRate(progress)].filter((part) => part !== undefined)
    return known.join('  ').slice(0, columns)
  }
  const percent = formatPercent(progress)?.padStart(5) ?? ''
  const rate = formatRate(progress)?.padStart(9)
  const left = formatTimeLeft(progress)?.padStart(9)
  const bar = Symbol('bar')
  for (const parts of [
    [verb, percent, bar, amount, rate, left],
    [verb, percent, bar, amount, left],
    [verb, percent, bar, left],
    [verb, percent, bar],
    [percent, bar],
  ]) {
    const shown = parts.filter((part) => part !== undefined)
    const texts = shown.map((part) => (typeof part === 'string' ? part.length : 0))
    const taken = texts.reduce((sum, length) => sum + length, 0) + 2 * (shown.length - 1)
    if (columns - taken < barColumns.minimum) continue
    const width = Math.min(barColumns.maximum, columns - taken)
    return shown.map((part) => (typeof part === 'string' ? part : drawBar(fraction, width, paint))).join('  ')
  }
  return percent.trim().slice(0, columns)
}

function drawBar(fraction: number, columns: number, paint: (text: string) => string): string {
  const done = Math.floor(fraction * columns)
  return `${paint('█'.repeat(done))}${'░'.repeat(columns - done)}`
}

/** Formats the completed percentage, rounded down, so that 100 % means that it is complete. */
function formatPercent(progress: RatedProgress): string | undefined {
  const fraction = completedFraction(progress)
  return fraction === undefined ? undefined : `${Math.floor(fraction * 100)} %`
}

function formatAmount({ loadedBytes, totalBytes }: RatedProgress, width = 0): string {
  const loaded = formatBytes(loadedBytes).padStart(width)
  return totalBytes === 0 ? loaded : `${loaded} of ${formatBytes(totalBytes)}`
}

function formatRate({ bytesPerSecond }: RatedProgress): string | undefined {
  return bytesPerSecond === undefined ? undefined : `${formatBytes(bytesPerSecond)}/s`
}

function formatTimeLeft(progress: RatedProgress): string | undefined {
  const { loadedBytes, totalBytes, bytesPerSecond } = progress
  if (bytesPerSecond === undefined || totalBytes === 0) return undefined
  if (loadedBytes >= totalBytes) return undefined
  if (bytesPerSecond < 1) return 'stalled'
  return `${formatDuration((totalBytes - loadedBytes) / bytesPerSecond)} left`
}
