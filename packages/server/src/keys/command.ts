import { parseArgs } from 'node:util'
import { keysCommand } from '../program-commands.ts'
import { createKey, KeyError, readRecords, validateKeyName } from './records.ts'
import { updateRecords } from './update-records.ts'

function help(): string {
  const commands = [
    ['create --name laptop', 'Create a key and print it (shown only once)'],
    ['list', 'List the IDs, names and creation dates of all keys'],
    ['revoke --name laptop', 'Revoke a key by name, or by --id'],
  ] as const
  const lines = commands.map(([command, text]) => [keysCommand(command), text] as const)
  const width = Math.max(...lines.map(([command]) => command.length))
  return `Manages the API keys of the server. Once a key exists, every request needs one.

${lines.map(([command, text]) => `  ${command.padEnd(width)}  ${text}`).join('\n')}

Only hashes are stored, in .mlx/keys.json or the file that KEYS_FILE names. Changes apply to a running server at once.`
}

/** The output of a command. */
export interface Output {
  /** Writes to standard output, for scripts. */
  say(text: string): void
  /** Writes to standard error. */
  note(text: string): void
}

/** Incorrect usage, exit code 2. */
class UsageError extends Error {}

/**
 * Runs `mlx-app-server keys`, which created projects have as the script `keys`.
 *
 * @returns the exit code: 0, 1 for a failure, or 2 for incorrect usage.
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
    // Anything else is a bug or a disk error, and its stack helps.
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
  if (more.length > 0)
    throw new UsageError(`Unexpected argument "${more[0]}". Did you mean --name ${more[0]}?`)
  if (command === 'list') {
    if (name !== undefined || id !== undefined) throw new UsageError('list takes no options.')
  } else if (command === 'create') {
    if (name === undefined || id !== undefined)
      throw new UsageError('create takes --name and no other option.')
  } else if (command === 'revoke') {
    if ((name === undefined) === (id === undefined))
      throw new UsageError('revoke takes either --name or --id.')
  } else {
    throw new UsageError(command === undefined ? 'No command given.' : `Unknown command "${command}".`)
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
    throw new KeyError(`A key named "${name}" already exists. Revoke it or choose another name.`)
  })
  // Only the key goes to standard output: KEY=$(npx mlx-app-server keys create --name laptop)
  output.note(
    `Created the key "${name}". It is shown only once. Clients send it as "Authorization: Bearer KEY".`,
  )
  output.say(key)
}

function list(path: string, output: Output): void {
  const records = readRecords(path)
  if (records.length === 0) output.note('There are no keys.')
  const width = Math.max(...records.map(({ name }) => name.length))
  for (const { id, name, createdAt } of records) output.say(`${id}  ${name.padEnd(width)}  ${createdAt}`)
}

async function revoke(
  path: string,
  { name, id }: { name: string | undefined; id: string | undefined },
  output: Output,
): Promise<void> {
  let left = 0
  let revoked = ''
  await updateRecords(path, (records) => {
    const record = records.find((other) => (id === undefined ? other.name === name : other.id === id))
    if (record === undefined) {
      const names = records.map((other) => other.name).join(', ')
      const existing = names === '' ? 'There are no keys.' : `Existing keys: ${names}.`
      throw new KeyError(`There is no key "${name ?? id}". ${existing}`)
    }
    revoked = record.name
    left = records.length - 1
    return records.filter((other) => other !== record)
  })
  output.note(`Revoked the key "${revoked}".`)
  if (left === 0) {
    output.note(`This was the last key. A running server rejects all requests until you create another one.
A server that you start on 127.0.0.1 without keys needs none.`)
  }
}
