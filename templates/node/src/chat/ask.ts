import { AnswerView } from './answer-view.ts'
import type { ChatArguments } from './arguments.ts'
import type { OpenEngine } from './open-engine.ts'
import { cutNote, dim, printable } from './text.ts'

/**
 * Streams the answer to one question to standard output, and nothing else. What the model thinks before is shown
 * to who waits for it, on a terminal beside.
 *
 * @throws EngineError when the answer ends in one.
 */
export async function ask(
  { engine, model }: OpenEngine,
  question: string,
  { system, sampling }: Pick<ChatArguments, 'system' | 'sampling'>,
): Promise<void> {
  const { stdout, stderr } = process
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user' as const, content: question },
  ]
  const view = new AnswerView({
    text: (text) => stdout.write(stdout.isTTY ? printable(text) : text),
    reasoning: (text) => stderr.isTTY && stderr.write(dim(printable(text), stderr)),
  })
  let note: string | undefined
  try {
    for await (const chunk of engine.generate({ ...sampling, model, messages })) {
      view.show(chunk)
      note = cutNote(chunk)
    }
  } finally {
    view.end()
  }
  if (note !== undefined) console.error(note)
}
