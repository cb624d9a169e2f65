/**
 * The date of the locks, in lock-date.txt beside package-lock.json. Nothing that npm's or Python's registry published later is
 * visible to the tests or to `npm run locks`, so both give the same result on any day.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../lock-date.txt', import.meta.url))

/**
 * The recorded date.
 *
 * @throws Error when the file holds no date.
 */
export function lockDate(): Date {
  const text = readFileSync(file, 'utf8').trim()
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new Error(`lock-date.txt holds "${text}", which is not a date`)
  return date
}

/** The date as lock-date.txt and uv's --exclude-newer write it: in UTC, without milliseconds. */
export function dateText(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Records a date. */
export function writeLockDate(date: Date): void {
  writeFileSync(file, `${dateText(date)}\n`)
}
