import { showPromptProgress } from 'mlx-app/setup'
import { AnswerView } from './answer-view.ts'
import type { ChatArguments } from './arguments.ts'
import type { OpenEngine } from './open-engine.ts'
import { dim, printable, truncationNote } from './text.ts'

/**
 * Streams the answer to one question to standard output. The reasoning goes to standard error, and only on a terminal.
 *
 * @throws EngineError if the call fails.
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
  const progress = showPromptProgress(stderr)
  let note: string | undefined
  try {
    const call = { ...sampling, model, messages, onPromptProgress: progress.update }
    for await (const chunk of engine.generate(call)) {
      progress.end()
      view.show(chunk)
      note = truncationNote(chunk)
    }
  } finally {
    progress.end()
    view.end()
  }
  if (note !== undefined) console.error(note)
}
