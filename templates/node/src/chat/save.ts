import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Turn } from './session.ts'

const names = { system: 'System', user: 'You', assistant: 'Model' } as const

/**
 * Saves a chat to a new file, as JSON if the name ends in `.json` and as Markdown otherwise. Returns the path.
 *
 * @throws an error of node:fs, with code EEXIST if the file already exists.
 */
export async function saveChat(model: string, messages: readonly Turn[], file: string): Promise<string> {
  const path = file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(file)
  await mkdir(dirname(path), { recursive: true })
  const text = path.endsWith('.json')
    ? `${JSON.stringify({ model, messages }, null, 2)}\n`
    : asMarkdown(model, messages)
  await writeFile(path, text, { flag: 'wx' })
  return path
}

/** Returns a file name that contains the local time and sorts by it, such as `chat-2026-11-21-14-30-05.md`. */
export function defaultFile(now: Date = new Date()): string {
  const parts = [
    now.getFullYear(),
    now.getMonth() + 1,
    now.getDate(),
    now.getHours(),
    now.getMinutes(),
    now.getSeconds(),
  ]
  return `chat-${parts.map((part) => String(part).padStart(2, '0')).join('-')}.md`
}

function asMarkdown(model: string, messages: readonly Turn[]): string {
  const turns = messages.map(({ role, content }) => `## ${names[role]}\n\n${content.trim()}\n`)
  return [`# Chat with ${model}\n`, ...turns].join('\n')
}
