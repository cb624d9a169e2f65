import { formatBytes, readPullPolicy, showProgress } from 'mlx-app/setup'
import { defaultFile, saveChat } from './save.ts'
import type { Session } from './session.ts'
import { describeStats } from './stats.ts'

export interface CommandContext {
  session: Session
  /** Prints a line. */
  say: (line: string) => void
  /** Ctrl-C. */
  signal: AbortSignal
}

export interface Command {
  name: string
  /** As /help shows it. */
  argument: string
  help: string
  /** `argument` is trimmed, and empty where there is none. Gives 'leave' to end the chat. */
  run: (context: CommandContext, argument: string) => Promise<'leave' | undefined> | 'leave' | undefined
}

/** In the order of /help. */
export const commands: readonly Command[] = [
  { name: 'help', argument: '', help: 'this list', run: ({ say }) => describeCommands(say) },
  {
    name: 'model',
    argument: '[name]',
    help: 'lists the models on disk, or goes on with another one (it is downloaded if need be)',
    run: ({ session, say, signal }, name) =>
      name === '' ? listModels(session, say) : changeModel(session, name, say, signal),
  },
  {
    name: 'system',
    argument: '[text]',
    help: 'shows the system message, or sets it; /system - takes it away',
    run: ({ session, say }, text) => setSystem(session, text, say),
  },
  {
    name: 'clear',
    argument: '',
    help: 'forgets what was said; the system message stays',
    run: ({ session, say }) => {
      session.clear()
      say('A new chat.')
      return undefined
    },
  },
  {
    name: 'save',
    argument: '[file]',
    help: 'writes the chat to a new file: Markdown, or JSON if it is called .json',
    run: ({ session, say }, file) => save(session, file, say),
  },
  {
    name: 'stats',
    argument: '',
    help: 'tokens per second of the last answer, and memory',
    run: async ({ session, say }) => {
      for (const line of describeStats(session.last, await session.engine.status())) say(line)
      return undefined
    },
  },
  { name: 'exit', argument: '', help: 'leaves; so do Ctrl-D, and Ctrl-C twice', run: () => 'leave' },
]

/** A command and its argument; undefined for a message to the model, such as one that starts with a path. */
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

function describeCommands(say: CommandContext['say']): undefined {
  const names = commands.map(({ name, argument }) => `/${name} ${argument}`.trim())
  const width = Math.max(...names.map((name) => name.length))
  for (const [index, { help }] of commands.entries()) say(`${names[index]?.padEnd(width)}  ${help}`)
  say('Ctrl-C stops an answer. A line that ends in \\ goes on in the next one; so does pasted text.')
}

async function listModels(session: Session, say: CommandContext['say']): Promise<undefined> {
  const models = await session.engine.models()
  const names = models.map(({ model }) => model)
  if (!names.includes(session.model)) say(`* ${session.model}`)
  for (const { model, bytes } of models) {
    say(`${model === session.model ? '*' : ' '} ${model}  ${formatBytes(bytes)}`)
  }
}

async function changeModel(
  session: Session,
  name: string,
  say: CommandContext['say'],
  signal: AbortSignal,
): Promise<undefined> {
  const progress = showProgress(process.stderr, `Looking for ${name}`)
  try {
    const download = readPullPolicy() !== 'never'
    await session.changeModel(name, { download, onProgress: progress.update, signal })
  } finally {
    progress.end()
  }
  say(`Going on with ${session.model}.`)
}

function setSystem(session: Session, text: string, say: CommandContext['say']): undefined {
  if (text === '-') session.system = undefined
  else if (text !== '') session.system = text
  say(session.system === undefined ? 'There is no system message.' : `System message: ${session.system}`)
}

async function save(session: Session, file: string, say: CommandContext['say']): Promise<undefined> {
  const { messages } = session
  if (messages.length === 0) {
    say('There is nothing to save yet.')
    return
  }
  try {
    say(`Saved to ${await saveChat(session.model, messages, file === '' ? defaultFile() : file)}`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    say(error.code === 'EEXIST' ? `${file} exists already: give another name.` : error.message)
  }
}
