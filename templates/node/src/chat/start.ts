import { type ChatArguments, UsageError } from './arguments.ts'
import { ask } from './ask.ts'
import { openEngine } from './open-engine.ts'
import { readQuestion } from './question.ts'

/**
 * Answers the question of the command line or of standard input; without one, on a terminal, it opens the chat.
 *
 * @throws UsageError when there is neither a question nor a terminal, EngineError when there is no answer.
 */
export async function start(options: ChatArguments): Promise<void> {
  if (options.version) return (await import('./version.ts')).showVersion()
  if (options.words.length > 0 || !process.stdin.isTTY) {
    const question = await readQuestion(options.words, process.stdin)
    await using open = await openEngine(options)
    await ask(open, question, options)
    return
  }
  if (!process.stdout.isTTY) {
    throw new UsageError(
      'The chat needs a terminal for its output. Give a question to keep its answer; in the chat, /save writes a file.',
    )
  }
  // What the chat needs is read while the worker starts.
  const chat = import('./conversation.ts')
  await using open = await openEngine(options)
  const { converse } = await chat
  await converse(open, options)
}
