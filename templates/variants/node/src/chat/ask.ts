import type { ChatArguments } from './arguments.ts'
import type { OpenEngine } from './open-engine.ts'
import { cutNote, printable } from './text.ts'

/**
 * Streams the answer to one question to standard output, and nothing else.
 *
 * @throws EngineError when the answer ends in one.
 */
export async function ask(
  { engine, model }: OpenEngine,
  question: string,
  { system, sampling }: Pick<ChatArguments, 'system' | 'sampling'>,
): Promise<void> {
  const { stdout } = process
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user' as const, content: question },
  ]
  let lineIsOpen = false
  let note: string | undefined
  try {
    for await (const chunk of engine.generate({ ...sampling, model, messages })) {
      if (chunk.text !== '') {
        stdout.write(stdout.isTTY ? printable(chunk.text) : chunk.text)
        lineIsOpen = !chunk.text.endsWith('\n')
      }
      note = cutNote(chunk)
    }
  } finally {
    if (lineIsOpen) stdout.write('\n')
  }
  if (note !== undefined) console.error(note)
}
