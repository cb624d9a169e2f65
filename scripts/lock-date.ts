/**
 * The date in lock-date.txt. Packages published after it are invisible to the tests and to `npm run locks`, so both give the
 * same result on any day.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../lock-date.txt', import.meta.url))

/**
 * Returns the date in lock-date.txt.
 *
 * @throws Error if the file contains no date.
 */
export function lockDate(): Date {
  const text = readFileSync(file, 'utf8').trim()
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new Error(`lock-date.txt contains "${text}", which is not a date`)
  return date
}

/** Formats a date for lock-date.txt and uv's --exclude-newer: in UTC, without milliseconds. */
export function dateText(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Writes a date to lock-date.txt. */
export function writeLockDate(date: Date): void {
  writeFileSync(file, `${dateText(date)}\n`)
}
