import { scriptWithArguments } from '../../../engine/project/index.ts'
import { flagsTakenByNpm } from '../npm-flags.ts'
import { parseFlags, UsageError } from '../usage-error.ts'
import type { ModelsCommand } from './command.ts'
import { type FlagName, type FlagValues, flags, formatFlag } from './flags.ts'

export interface CommandLine {
  /** Undefined if none was given. */
  command: ModelsCommand | undefined
  help: boolean
  id: string | undefined
  flags: FlagValues
}

/**
 * Parses the arguments after `mlx-app models`.
 *
 * @throws UsageError for an unknown command, argument or flag, and for a flag that npm did not pass on.
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly [ModelsCommand, ...ModelsCommand[]],
  environment: NodeJS.ProcessEnv,
): CommandLine {
  const { values, positionals } = parseFlags({
    args: [...argv],
    allowPositionals: true,
    options: { ...flags, help: { type: 'boolean', short: 'h' } },
  })
  const [name, id, ...more] = positionals
  const command = commands.find((each) => each.name === name || (name && each.aliases.includes(name)))
  if (name !== undefined && command === undefined) {
    const names = commands.flatMap((each) => [each.name, ...each.aliases])
    throw new UsageError(`Unknown command: models ${name}. The commands are ${names.join(', ')}.`)
  }
  const help = values.help ?? false
  if (!help) {
    const given = flagNames.filter((flag) => flag in values)
    rejectFlagsTakenByNpm(command ?? commands[0], { id, given }, environment)
    checkUsage(command ?? commands[0], { id, more, given })
  }
  return {
    command,
    help,
    id,
    flags: {
      revision: rejectEmpty('revision', values.revision),
      output: rejectEmpty('output', values.output),
      yes: values.yes ?? false,
      dryRun: values['dry-run'] ?? false,
      json: values.json ?? false,
    },
  }
}

const flagNames: FlagName[] = ['revision', 'output', 'yes', 'dry-run', 'json']

function checkUsage(
  command: ModelsCommand,
  { id, more, given }: { id: string | undefined; more: string[]; given: FlagName[] },
): void {
  const unsupported = given.find((flag) => !command.flags.includes(flag))
  if (unsupported !== undefined) {
    throw new UsageError(`models ${command.name} does not support --${unsupported}.`)
  }
  if (more.length > 0) throw new UsageError(`models ${command.name} accepts only one model.`)
  if (command.argument === '' && id !== undefined) {
    throw new UsageError(`models ${command.name} does not accept a model.`)
  }
  if (command.argument === 'ID' && id === undefined) {
    throw new UsageError(`models ${command.name} requires the ID of a model.`)
  }
}

/**
 * Rejects flags that the user wrote before `--`. npm doesn't pass these on, but only sets environment variables, so
 * that `clean --dry-run` would delete files.
 */
function rejectFlagsTakenByNpm(
  { name, argument, flags: own }: ModelsCommand,
  { id = argument, given }: { id: string | undefined; given: FlagName[] },
  environment: NodeJS.ProcessEnv,
): void {
  const taken = flagsTakenByNpm('models', own, given, environment)
  if (taken.length === 0) return
  const texts = taken.map(formatFlag)
  const again = scriptWithArguments('models', [name, id, ...texts].filter(Boolean).join(' '), environment)
  throw new UsageError(`npm did not pass on ${texts.join(' and ')}. Put -- before the command: ${again}`)
}

function rejectEmpty(flag: FlagName, text: string | undefined): string | undefined {
  if (text?.trim() === '') throw new UsageError(`--${flag} must not be empty.`)
  return text
}
