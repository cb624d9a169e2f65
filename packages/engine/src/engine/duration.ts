import * as z from 'zod'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const longestMs = 10 * 365 * 24 * unitMs.h
const pattern = /^(-?\d+(?:\.\d+)?) ?(ms|s|m|h|)$/

/** A time such as `10m`, or a number of seconds. The result is in milliseconds, and Infinity for a negative time. */
export const durationSchema = z.union([z.number(), z.string()]).transform((value, context) => {
  const ms = parseDuration(value)
  if (ms !== undefined) return ms
  context.addIssue('must be a time such as 90s, 10m or 2h, a number of seconds, or -1 for no limit')
  return z.NEVER
})

/** Returns whether a text is a time, as the option `keepAlive` takes it. */
export function isDuration(text: string): boolean {
  return parseDuration(text) !== undefined
}

function parseDuration(value: number | string): number | undefined {
  const [, amount, unit] = pattern.exec(typeof value === 'number' ? value.toFixed(3) : value.trim()) ?? []
  const perUnit = Object.entries(unitMs).find(([name]) => name === (unit === '' ? 's' : unit))?.[1]
  if (amount === undefined || perUnit === undefined) return undefined
  const ms = Number(amount) * perUnit
  if (ms > longestMs) return undefined
  return ms < 0 ? Number.POSITIVE_INFINITY : ms
}
