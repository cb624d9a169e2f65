import { parseArgs } from 'node:util'
import { scriptWithArguments } from '../../../engine/project/index.ts'
import { asUsageError, UsageError } from '../setup-flags.ts'
import type { ModelsCommand } from './command.ts'
import { type FlagName, type FlagValues, flags } from './flags.ts'

export interface CommandLine {
  /** Undefined where none was named. */
  command: ModelsCommand | undefined
  help: boolean
  id: string | undefined
  flags: FlagValues
}

/**
 * Reads the words and flags after `models`.
 *
 * @throws UsageError for a command, a flag or a name that there is not, and for a flag that npm kept for itself.
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly [ModelsCommand, ...ModelsCommand[]],
  environment: NodeJS.ProcessEnv = {},
): CommandLine {
  const { values, positionals } = parse(argv)
  const [name, id, ...more] = positionals
  const command = commands.find((each) => each.name === name || (name && each.aliases.includes(name)))
  if (name !== undefined && command === undefined) {
    const names = commands.flatMap((each) => [each.name, ...each.aliases])
    throw new UsageError(`models ${name}: there are ${names.join(', ')}.`)
  }
  const help = values.help ?? false
  if (!help) {
    const given = flagNames.filter((flag) => flag in values)
    rejectFlagsTakenByNpm(command ?? commands[0], { id, given }, environment)
    check(command ?? commands[0], { id, more, given })
  }
  return {
    command,
    help,
    id,
    flags: {
      revision: notEmpty('revision', values.revision),
      output: notEmpty('output', values.output),
      yes: values.yes ?? false,
      dryRun: values['dry-run'] ?? false,
      json: values.json ?? false,
    },
  }
}

const flagNames: FlagName[] = ['revision', 'output', 'yes', 'dry-run', 'json']

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { ...flags, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw asUsageError(error)
  }
}

function check(
  command: ModelsCommand,
  { id, more, given }: { id: string | undefined; more: string[]; given: FlagName[] },
): void {
  const foreign = given.find((flag) => !command.flags.includes(flag))
  if (foreign !== undefined) throw new UsageError(`models ${command.name} has no --${foreign}.`)
  if (more.length > 0) throw new UsageError(`models ${command.name} takes one id.`)
  if (command.argument === '' && id !== undefined) {
    throw new UsageError(`models ${command.name} takes no names.`)
  }
  if (command.argument === 'ID' && id === undefined) {
    throw new UsageError(`models ${command.name} needs the id of a model.`)
  }
}

/**
 * npm keeps flags in front of `--` for itself and passes them on as variables of the environment only: `clean` would
 * then delete what it was to name.
 */
function rejectFlagsTakenByNpm(
  { name, argument, flags: own }: ModelsCommand,
  { id = argument, given }: { id: string | undefined; given: FlagName[] },
  environment: NodeJS.ProcessEnv,
): void {
  const { npm_lifecycle_event: script, npm_config_user_agent: agent = '' } = environment
  if (script !== 'models' || !agent.startsWith('npm/')) return
  const taken = own.filter((flag) => {
    const value = environment[`npm_config_${flag.replaceAll('-', '_')}`]
    return value && value !== 'false' && !given.includes(flag)
  })
  if (taken.length === 0) return
  const texts = taken.map((flag) => `--${flag} ${flags[flag].value}`.trim())
  const again = scriptWithArguments('models', [name, id, ...texts].filter(Boolean).join(' '), environment)
  throw new UsageError(`npm took ${texts.join(' and ')} for itself. With -- in front it comes here: ${again}`)
}

function notEmpty(flag: FlagName, text: string | undefined): string | undefined {
  if (text?.trim() === '') throw new UsageError(`--${flag} is empty.`)
  return text
}
