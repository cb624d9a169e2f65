import type { LoadProgress } from '../../engine/index.ts'
import { formatBytes, formatDuration } from './format.ts'

const verbs = { download: 'Downloading', verify: 'Checking', load: 'Loading' }

/** Columns of a bar: with fewer it would not be seen moving, more show nothing new. */
const barColumns = { least: 8, most: 30 }

export interface ProgressFacts extends LoadProgress {
  /** Undefined as long as it is not known. */
  bytesPerSecond: number | undefined
}

/** How far it is, 0 to 1; undefined as long as the whole is unknown. */
export function fractionDone({ loadedBytes, totalBytes }: LoadProgress): number | undefined {
  return totalBytes === 0 ? undefined : Math.min(1, loadedBytes / totalBytes)
}

/** A line for a log: `Downloading: 30 %, 700 MB of 2.3 GB, 34.5 MB/s, 0:45 left`. */
export function logLine(facts: ProgressFacts): string {
  const percent = formatPercent(facts)
  const parts = [percent, formatAmount(facts), formatRate(facts), formatTimeLeft(facts)]
  return `${verbs[facts.stage]}: ${parts.filter((part) => part !== undefined).join(', ')}`
}

/**
 * One line of a terminal, never wider than its columns; a narrow one leaves out what matters less, the percentage last.
 *
 * @param paint colours the part of the bar that is done.
 */
export function barLine(
  facts: ProgressFacts,
  columns: number,
  paint: (text: string) => string = (text) => text,
): string {
  const verb = verbs[facts.stage].padEnd(verbs.download.length)
  const amount = formatAmount(facts, 7)
  const share = fractionDone(facts)
  if (share === undefined) {
    const known = [verbs[facts.stage], amount, formatRate(facts)].filter((part) => part !== undefined)
    return known.join('  ').slice(0, columns)
  }
  const percent = formatPercent(facts)?.padStart(5) ?? ''
  const rate = formatRate(facts)?.padStart(9)
  const left = formatTimeLeft(facts)?.padStart(9)
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
    if (columns - taken < barColumns.least) continue
    const width = Math.min(barColumns.most, columns - taken)
    return shown.map((part) => (typeof part === 'string' ? part : drawBar(share, width, paint))).join('  ')
  }
  return percent.trim().slice(0, columns)
}

function drawBar(share: number, columns: number, paint: (text: string) => string): string {
  const done = Math.floor(share * columns)
  return `${paint('█'.repeat(done))}${'░'.repeat(columns - done)}`
}

/** Rounded down: 100 % means all of it. */
function formatPercent(facts: ProgressFacts): string | undefined {
  const share = fractionDone(facts)
  return share === undefined ? undefined : `${Math.floor(share * 100)} %`
}

function formatAmount({ loadedBytes, totalBytes }: ProgressFacts, width = 0): string {
  const loaded = formatBytes(loadedBytes).padStart(width)
  return totalBytes === 0 ? loaded : `${loaded} of ${formatBytes(totalBytes)}`
}

function formatRate({ bytesPerSecond }: ProgressFacts): string | undefined {
  return bytesPerSecond === undefined ? undefined : `${formatBytes(bytesPerSecond)}/s`
}

function formatTimeLeft(facts: ProgressFacts): string | undefined {
  const { loadedBytes, totalBytes, bytesPerSecond } = facts
  if (bytesPerSecond === undefined || totalBytes === 0) return undefined
  if (loadedBytes >= totalBytes) return undefined
  if (bytesPerSecond < 1) return 'stalled'
  return `${formatDuration((totalBytes - loadedBytes) / bytesPerSecond)} left`
}
