import { EngineError } from 'mlx-app'
import { AnswerView } from './answer-view.ts'
import type { ChatArguments } from './arguments.ts'
import { findCommand, parseCommand } from './commands.ts'
import type { OpenEngine } from './open-engine.ts'
import { Session } from './session.ts'
import type { TerminalStreams } from './streams.ts'
import { Terminal } from './terminal.ts'
import { cutNote, dim, printable } from './text.ts'

/** The chat in the terminal, until the user leaves. */
export async function converse(
  open: OpenEngine,
  options: Pick<ChatArguments, 'system' | 'sampling'>,
  streams?: TerminalStreams,
): Promise<void> {
  const session = new Session(open, options)
  using terminal = new Terminal(streams)
  terminal.say(dim(`${session.model}. /help lists the commands, Ctrl-C stops an answer.`))
  while (true) {
    const message = await terminal.read()
    if (message === undefined) {
      terminal.say('')
      break
    }
    try {
      const end = await terminal.interruptible((signal) => handle(message, session, terminal, signal))
      if (end === 'leave') break
    } catch (error) {
      if (!EngineError.isInstance(error)) throw error
      terminal.say(describeFailure(error))
    }
  }
}

async function handle(
  message: string,
  session: Session,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<'leave' | undefined> {
  const command = parseCommand(message)
  if (command === undefined) {
    await answer(message, session, terminal, signal)
    return undefined
  }
  const known = findCommand(command.name)
  if (known !== undefined) {
    return known.run({ session, say: (line) => terminal.say(printable(line)), signal }, command.argument)
  }
  terminal.say(`There is no /${command.name}. /help lists the commands.`)
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
  let note: string | undefined
  try {
    for await (const chunk of session.ask(question, signal)) {
      view.show(chunk)
      note = cutNote(chunk)
    }
  } finally {
    view.end()
  }
  if (note !== undefined) terminal.say(dim(note))
}

function describeFailure(error: EngineError): string {
  if (error.code === 'ABORTED') return dim('Stopped.')
  if (error.code === 'CONTEXT_LENGTH_EXCEEDED') return `${error.describe()}\nOr start over with /clear.`
  return error.describe()
}
