import { destination, type Level, type Logger, levels, pino } from 'pino'
import * as z from 'zod'
import type { Settings } from './settings.ts'

/**
 * Creates the logger. It writes to standard error: readable lines in a terminal, JSON otherwise. Standard output is
 * reserved for the line that tells where the server listens.
 */
export function createLog({ logLevel }: Pick<Settings, 'logLevel'>): Logger {
  const { stderr } = process
  if (!stderr.isTTY) return pino({ level: logLevel }, destination(2))
  return pino({ level: logLevel }, { write: (line) => stderr.write(formatLine(line)) })
}

const lineSchema = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().default(''),
  err: z.object({ message: z.string(), stack: z.string().optional() }).optional(),
})

/** Fields that are the same on every line or that are formatted separately. */
const hiddenFields = new Set(['level', 'time', 'msg', 'err', 'pid', 'hostname'])

/** Formats a log line for a terminal: `12:30:01 info  request method=POST status=200`. */
export function formatLine(line: string): string {
  const { level, time, msg, err, ...rest } = lineSchema.parse(JSON.parse(line))
  const fields = Object.entries(rest)
    .filter(([key]) => !hiddenFields.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const words = [clock(time), nameOf(level).padEnd(5), msg, ...fields].filter((word) => word !== '')
  const trouble = err && `\n  ${(err.stack ?? err.message).replaceAll('\n', '\n  ')}`
  return `${words.join(' ')}${trouble ?? ''}\n`
}

function nameOf(level: number): Level | string {
  return levels.labels[level] ?? String(level)
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8)
}
