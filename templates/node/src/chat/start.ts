import { type ChatArguments, UsageError } from './arguments.ts'
import { ask } from './ask.ts'
import { openEngine } from './open-engine.ts'
import { readQuestion } from './question.ts'

/**
 * Answers the question on the command line or standard input. Without a question, it opens the chat on a terminal.
 *
 * @throws UsageError if there is neither a question nor a terminal.
 * @throws EngineError if the model can't be loaded or the call fails.
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
      'The chat needs a terminal for its output. To write an answer to a file, pass a question, or use /save in the chat.',
    )
  }
  // Loads the modules of the chat while the worker starts.
  const chat = import('./conversation.ts')
  await using open = await openEngine(options)
  const { runConversation } = await chat
  await runConversation(open, options)
}
