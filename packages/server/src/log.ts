import { destination, type Level, type Logger, levels, multistream, pino } from 'pino'
import * as z from 'zod'
import type { Settings } from './settings.ts'

/**
 * Creates the logger. It writes to standard error: readable lines in a terminal, JSON otherwise. Standard output is
 * reserved for the line that tells where the server listens.
 *
 * @param onLog also receives each line, in readable form and with its date.
 */
export function createLog(
  { logLevel: level }: Pick<Settings, 'logLevel'>,
  onLog?: (line: string) => void,
): Logger {
  const { stderr } = process
  const output = stderr.isTTY ? { write: (line: string) => stderr.write(formatLine(line)) } : destination(2)
  if (onLog === undefined) return pino({ level }, output)
  const copy = { write: (line: string) => onLog(formatLine(line, true)) }
  // The logger itself decides about the level.
  const streams = [output, copy].map((stream) => ({ level: 'trace' as const, stream }))
  return pino({ level }, multistream(streams))
}

const lineSchema = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().default(''),
  err: z.object({ message: z.string(), stack: z.string().optional() }).optional(),
})

/** Fields that are the same on every line or that are formatted separately. */
const hiddenFields = new Set(['level', 'time', 'msg', 'err', 'pid', 'hostname'])

/**
 * Formats a log line for a terminal: `12:30:01 info  request method=POST status=200`.
 *
 * @param withDate puts the date before the time, for a file.
 */
export function formatLine(line: string, withDate = false): string {
  const { level, time, msg, err, ...rest } = lineSchema.parse(JSON.parse(line))
  const fields = Object.entries(rest)
    .filter(([key]) => !hiddenFields.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const words = [withDate ? dateOf(time) : '', clock(time), nameOf(level).padEnd(5), msg, ...fields].filter(
    (word) => word !== '',
  )
  const trouble = err && `\n  ${(err.stack ?? err.message).replaceAll('\n', '\n  ')}`
  return `${words.join(' ')}${trouble ?? ''}\n`
}

function nameOf(level: number): Level | string {
  return levels.labels[level] ?? String(level)
}

/** Returns the day in local time, as the clock has it: 2026-11-30. */
function dateOf(time: number): string {
  return new Date(time).toLocaleDateString('sv')
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8)
}
