import type { LoadProgress } from './transport/transport.ts'

// Numbers are formatted for the language of the browser, or of the system in an app.
const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const small = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const exact = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 })

/** What separates the decimals of a number. */
export const decimalSeparator = exact.formatToParts(0.5).find(({ type }) => type === 'decimal')?.value ?? '.'

/** Formats a number with up to two decimals. */
export function formatNumber(value: number): string {
  return exact.format(value)
}

/** Formats a duration: `420 ms`, `4.2 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${number.format(milliseconds)} ms`
  return `${small.format(milliseconds / 1000)} s`
}

/** Formats a speed: `42 tokens/s`. */
export function formatRate(perSecond: number): string {
  return `${perSecond < 10 ? small.format(perSecond) : number.format(perSecond)} tokens/s`
}

/** Formats a number with its unit: `1 token`, `1,234 tokens`. */
export function formatCount(value: number, unit: string): string {
  return `${number.format(value)} ${unit}${value === 1 ? '' : 's'}`
}

/** Returns the message of an error. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Formats the progress of a model load: `Downloading: 1.2 of 4.8 GB`. */
export function formatProgress({ stage, loadedBytes, totalBytes }: LoadProgress): string {
  const [unit, divisor] = totalBytes >= 1e9 ? ['GB', 1e9] : ['MB', 1e6]
  const action = stage === 'download' ? 'Downloading' : 'Loading'
  const loaded = small.format(loadedBytes / divisor)
  return totalBytes === 0
    ? `${action}: ${loaded} ${unit}`
    : `${action}: ${loaded} of ${small.format(totalBytes / divisor)} ${unit}`
}
