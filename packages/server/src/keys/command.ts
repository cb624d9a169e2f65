import { parseArgs } from 'node:util'
import { keysCommand } from '../program-commands.ts'
import { createKey, KeyError, readRecords, validateKeyName } from './records.ts'
import { updateRecords } from './update-records.ts'

function help(): string {
  const commands = [
    ['create --name laptop', 'makes a key and prints it, once'],
    ['list', 'names, ids and dates of the keys'],
    ['revoke --name laptop', 'ends a key, at once and for good; or --id'],
  ] as const
  const lines = commands.map(([command, text]) => [keysCommand(command), text] as const)
  const width = Math.max(...lines.map(([command]) => command.length))
  return `Keys of the server. With one or more, every request needs one.

${lines.map(([command, text]) => `  ${command.padEnd(width)}  ${text}`).join('\n')}

The file holds their hashes: KEYS_FILE, or .mlx/keys.json. A running server reads it again when it changes.`
}

/** Where the command writes. */
export interface Output {
  /** Standard output: what a script reads. */
  say(text: string): void
  /** Standard error. */
  note(text: string): void
}

/** Wrong usage: exit code 2. */
class UsageError extends Error {}

/**
 * The command `mlx-app-server keys`, which is the script `keys` in a created project.
 *
 * @returns the exit code: 0, 1 where it can't be done, 2 on wrong usage.
 */
export async function runKeys(argv: readonly string[], path: string, output: Output): Promise<number> {
  try {
    const { command, name, id } = parse(argv)
    if (command === 'help') output.say(help())
    else if (command === 'create') await create(path, name, output)
    else if (command === 'list') list(path, output)
    else await revoke(path, { name, id }, output)
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      output.note(`${error.message}\n\n${help()}`)
      return 2
    }
    // What fails without a mistake of the user is a bug or the disk: its stack helps.
    output.note(
      error instanceof KeyError ? error.message : String(error instanceof Error ? error.stack : error),
    )
    return 1
  }
}

type Command = { name: string | undefined; id: string | undefined } & {
  command: 'help' | 'create' | 'list' | 'revoke'
}

function parse(argv: readonly string[]): Command {
  const { values, positionals } = parseFlags(argv)
  const { name, id } = values
  const [command, ...more] = positionals
  if (values.help || command === 'help') return { command: 'help', name, id }
  if (more.length > 0) throw new UsageError(`What is "${more[0]}"? A name is given as --name ${more[0]}`)
  if (command === 'list') {
    if (name !== undefined || id !== undefined) throw new UsageError('list takes no flags.')
  } else if (command === 'create') {
    if (name === undefined || id !== undefined) throw new UsageError('create needs --name, and nothing else.')
  } else if (command === 'revoke') {
    if ((name === undefined) === (id === undefined))
      throw new UsageError('revoke needs either --name or --id.')
  } else {
    throw new UsageError(command === undefined ? 'Which command?' : `There is no command "${command}".`)
  }
  return { command, name, id }
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        id: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

async function create(path: string, name = '', output: Output): Promise<void> {
  const { key, record } = createKey(validateKeyName(name))
  await updateRecords(path, (records) => {
    if (!records.some((other) => other.name === name)) return [...records, record]
    throw new KeyError(`There is a key "${name}" already. Revoke it, or choose another name.`)
  })
  // The key alone on standard output: KEY=$(npx mlx-app-server keys create --name laptop)
  output.note(`The key "${name}". It is shown this once; clients send it as "Authorization: Bearer KEY".`)
  output.say(key)
}

function list(path: string, output: Output): void {
  const records = readRecords(path)
  if (records.length === 0) output.note('There is no key.')
  const width = Math.max(...records.map(({ name }) => name.length))
  for (const { id, name, createdAt } of records) output.say(`${id}  ${name.padEnd(width)}  ${createdAt}`)
}

async function revoke(
  path: string,
  { name, id }: { name: string | undefined; id: string | undefined },
  output: Output,
): Promise<void> {
  let left = 0
  let gone = ''
  await updateRecords(path, (records) => {
    const record = records.find((other) => (id === undefined ? other.name === name : other.id === id))
    if (record === undefined) {
      const names = records.map((other) => other.name).join(', ')
      throw new KeyError(
        `There is no key "${name ?? id}"${names === '' ? ', nor any other.' : `, but: ${names}.`}`,
      )
    }
    gone = record.name
    left = records.length - 1
    return records.filter((other) => other !== record)
  })
  output.note(`The key "${gone}" is revoked.`)
  if (left === 0) {
    output.note(`It was the last one. A server that runs refuses everyone until there is another; one that is
started on this machine's own address asks for none.`)
  }
}
