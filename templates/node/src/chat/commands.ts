import { formatBytes, readPullPolicy, showProgress } from 'mlx-app/setup'
import { defaultFile, saveChat } from './save.ts'
import type { Session } from './session.ts'
import { describeStats } from './stats.ts'

export interface CommandContext {
  session: Session
  /** Prints a line. */
  print: (line: string) => void
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

export interface Command {
  name: string
  /** The argument as /help shows it. */
  argument: string
  help: string
  /** Runs the command. `argument` is trimmed, and empty if there is none. Returns 'exit' to end the chat. */
  run: (context: CommandContext, argument: string) => Promise<'exit' | undefined> | 'exit' | undefined
}

/** The commands, in the order of /help. */
export const commands: readonly Command[] = [
  { name: 'help', argument: '', help: 'shows this list', run: ({ print }) => printCommands(print) },
  {
    name: 'model',
    argument: '[name]',
    help: 'lists the models on disk, or switches to another one and downloads it if necessary',
    run: ({ session, print, signal }, name) =>
      name === '' ? listModels(session, print) : changeModel(session, name, print, signal),
  },
  {
    name: 'system',
    argument: '[text]',
    help: 'shows or sets the system message; /system - removes it',
    run: ({ session, print }, text) => setSystem(session, text, print),
  },
  {
    name: 'clear',
    argument: '',
    help: 'starts a new chat and keeps the system message',
    run: ({ session, print }) => {
      session.clear()
      print('Started a new chat.')
      return undefined
    },
  },
  {
    name: 'save',
    argument: '[file]',
    help: 'saves the chat to a new file, as Markdown or as JSON (name.json)',
    run: ({ session, print }, file) => save(session, file, print),
  },
  {
    name: 'stats',
    argument: '',
    help: 'shows the speed of the last answer and memory use',
    run: async ({ session, print }) => {
      for (const line of describeStats(session.last, await session.engine.status())) print(line)
      return undefined
    },
  },
  { name: 'exit', argument: '', help: 'exits, as do Ctrl-D and pressing Ctrl-C twice', run: () => 'exit' },
]

/** Splits a line into a command and its argument. Returns undefined for a message, even one that starts with a path. */
export function parseCommand(line: string): { name: string; argument: string } | undefined {
  const match = /^\/(\p{L}+|\?)(?:\s+(.*))?$/su.exec(line.trim())
  if (match === null) return undefined
  const [, name = '', argument = ''] = match
  return { name: name.toLowerCase(), argument: argument.trim() }
}

export function findCommand(name: string): Command | undefined {
  const alias = { quit: 'exit', bye: 'exit', '?': 'help' }[name]
  return commands.find((command) => command.name === (alias ?? name))
}

function printCommands(print: CommandContext['print']): undefined {
  const names = commands.map(({ name, argument }) => `/${name} ${argument}`.trim())
  const width = Math.max(...names.map((name) => name.length))
  for (const [index, { help }] of commands.entries()) print(`${names[index]?.padEnd(width)}  ${help}`)
  print('Ctrl-C stops an answer. End a line with \\ to continue the message on the next line.')
}

async function listModels(session: Session, print: CommandContext['print']): Promise<undefined> {
  const models = await session.engine.models()
  const names = models.map(({ model }) => model)
  if (!names.includes(session.model)) print(`* ${session.model}`)
  for (const { model, bytes } of models) {
    print(`${model === session.model ? '*' : ' '} ${model}  ${formatBytes(bytes)}`)
  }
}

async function changeModel(
  session: Session,
  name: string,
  print: CommandContext['print'],
  signal: AbortSignal,
): Promise<undefined> {
  const progress = showProgress(process.stderr, `Looking for ${name}`)
  try {
    const download = readPullPolicy() !== 'never'
    await session.changeModel(name, { download, onProgress: progress.update, signal })
  } finally {
    progress.end()
  }
  print(`Switched to ${session.model}.`)
}

function setSystem(session: Session, text: string, print: CommandContext['print']): undefined {
  if (text === '-') session.system = undefined
  else if (text !== '') session.system = text
  print(session.system === undefined ? 'No system message is set.' : `System message: ${session.system}`)
}

async function save(session: Session, file: string, print: CommandContext['print']): Promise<undefined> {
  const { messages } = session
  if (messages.length === 0) {
    print('Nothing to save yet.')
    return
  }
  try {
    print(`Saved to ${await saveChat(session.model, messages, file === '' ? defaultFile() : file)}`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    print(error.code === 'EEXIST' ? `${file} already exists. Choose another name.` : error.message)
  }
}
