import { EngineError } from 'mlx-app'
import { showPromptProgress } from 'mlx-app/setup'
import { AnswerView } from './answer-view.ts'
import type { ChatArguments } from './arguments.ts'
import { findCommand, parseCommand } from './commands.ts'
import type { OpenEngine } from './open-engine.ts'
import type { TerminalStreams } from './prompt-output.ts'
import { Session } from './session.ts'
import { Terminal } from './terminal.ts'
import { dim, printable, truncationNote } from './text.ts'

/** Runs the chat in the terminal until the user exits. */
export async function runConversation(
  open: OpenEngine,
  options: Pick<ChatArguments, 'system' | 'sampling'>,
  streams?: TerminalStreams,
): Promise<void> {
  const session = new Session(open, options)
  using terminal = new Terminal(streams)
  terminal.print(dim(`${session.model}. Type /help for commands, press Ctrl-C to stop an answer.`))
  while (true) {
    const message = await terminal.readMessage()
    if (message === undefined) {
      terminal.print('')
      break
    }
    try {
      const result = await terminal.interruptible((signal) => handle(message, session, terminal, signal))
      if (result === 'exit') break
    } catch (error) {
      if (!EngineError.isInstance(error)) throw error
      terminal.print(errorText(error))
    }
  }
}

async function handle(
  message: string,
  session: Session,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<'exit' | undefined> {
  const command = parseCommand(message)
  if (command === undefined) {
    await answer(message, session, terminal, signal)
    return undefined
  }
  const known = findCommand(command.name)
  if (known !== undefined) {
    return known.run({ session, print: (line) => terminal.print(printable(line)), signal }, command.argument)
  }
  terminal.print(`Unknown command /${command.name}. Type /help for the list of commands.`)
  return undefined
}

async function answer(
  question: string,
  session: Session,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const view = new AnswerView({
    text: (text) => terminal.write(printable(text)),
    reasoning: (text) => terminal.write(dim(printable(text))),
  })
  const progress = showPromptProgress(process.stderr)
  let note: string | undefined
  try {
    for await (const chunk of session.ask(question, { signal, onPromptProgress: progress.update })) {
      progress.end()
      view.show(chunk)
      note = truncationNote(chunk)
    }
  } finally {
    progress.end()
    view.end()
  }
  if (note !== undefined) terminal.print(dim(note))
}

function errorText(error: EngineError): string {
  if (error.code === 'ABORTED') return dim('Stopped.')
  if (error.code === 'CONTEXT_LENGTH_EXCEEDED') return `${error.describe()}\nOr start a new chat with /clear.`
  return error.describe()
}
