import type { GenerationRecord } from '../generation-limiter.ts'

/** Returns the prompts and messages of generations for the log, with images replaced by a placeholder. */
export function promptsForLog(records: readonly GenerationRecord[]): unknown[] {
  return records.map(({ options: { prompt, messages } }) =>
    messages === undefined ? prompt : messages.map((message) => withoutImages(message)),
  )
}

function withoutImages<Message extends { content?: unknown }>(message: Message) {
  const { content } = message
  if (!Array.isArray(content)) return message
  return { ...message, content: content.map((part) => (isText(part) ? part : '[image]')) }
}

function isText(part: unknown): boolean {
  return typeof part === 'object' && part !== null && 'text' in part
}
