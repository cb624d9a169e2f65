import { UsageError } from '../errors.ts'
import { isCertainlyModel, looksLikeModel } from '../models/identify.ts'
import { allSwitchOptions, allValueOptions, type ValueId, type ValueOption } from './options.ts'
import { quote } from './quote.ts'
import type { RawArguments } from './split-arguments.ts'
import { addValue, splitValues } from './values.ts'

/**
 * Undoes what npm does to flags before `--`. `npm create mlx-app my-app --template node` reaches the tool as the
 * arguments `my-app node` with npm_config_template=true. `--template=node` arrives as npm_config_template=node, and
 * `--server` as npm_config_server=true. The template (and its short forms), model and env are recovered. npm's own force
 * and yes are never taken for this tool's. Any other flag that npm took is an error that shows the correct command.
 *
 * @throws UsageError with the command to type instead.
 */
export function recoverFromNpm(raw: RawArguments, environment: NodeJS.ProcessEnv): RawArguments {
  if (!runByNpm(environment)) return raw
  const taken = valuesTakenByNpm(raw, environment)
  const switches = switchesTakenByNpm(environment)
  const shortForms = allSwitchOptions.filter(
    ({ flag, shortFor }) => shortFor !== undefined && npmVariable(flag, environment) === 'true',
  )
  if (taken.length === 0 && switches.length === 0 && shortForms.length === 0) return raw

  const values = new Map(raw.values)
  for (const { option, value } of taken) if (value !== 'true') addValue(values, option, value)
  const withoutValue = taken.filter(({ value }) => value === 'true').map(({ option }) => option)
  const positionals = assignPositionals(raw.positionals, withoutValue, values)
  const recoverable = switches.length === 0 && taken.every(({ option }) => option.recoverableFromNpm)
  if (positionals !== undefined && recoverable) {
    return { positionals, values, switches: new Set([...raw.switches, ...shortForms.map(({ id }) => id)]) }
  }
  const command = correctedCommand(positionals ?? raw.positionals, values, withoutValue, [
    ...shortForms.map(({ flag }) => flag),
    ...switches,
  ])
  throw new UsageError('npm took flags that were meant for create-mlx-app.', {
    hints: [`Put "--" before them: ${command}`],
  })
}

/** Whether `npm create`, `npm init` or `npm exec` runs the tool. pnpm and Yarn pass all flags on. */
function runByNpm(environment: NodeJS.ProcessEnv): boolean {
  const command = environment.npm_command
  if (command !== 'init' && command !== 'exec') return false
  return environment.npm_config_user_agent?.startsWith('npm/') ?? true
}

/** Returns what npm made of a flag: '' or 'false' for `--no-x`, and 'true' for a flag without its value. */
function npmVariable(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  return environment[`npm_config_${name.replace(/^-+/, '').replaceAll('-', '_')}`]
}

function valuesTakenByNpm(
  raw: RawArguments,
  environment: NodeJS.ProcessEnv,
): { option: ValueOption & { id: ValueId }; value: string }[] {
  return allValueOptions.flatMap((option) => {
    const short = option.short === undefined ? undefined : npmVariable(option.short, environment)
    const value = npmVariable(option.flag, environment) ?? short
    return value && (option.many || !raw.values.has(option.id)) ? [{ option, value }] : []
  })
}

/** Returns this tool's switches that npm took. A switch that npm has too is meant for npm. */
function switchesTakenByNpm(environment: NodeJS.ProcessEnv): string[] {
  return allSwitchOptions
    .filter((option) => !option.existsInNpm && option.shortFor === undefined)
    .filter((option) => {
      if (!option.id.startsWith('no-')) return npmVariable(option.id, environment) === 'true'
      // npm's own setting `git` is a path.
      const value = npmVariable(option.id.slice('no-'.length), environment)
      return value === '' || value === 'false'
    })
    .map((option) => option.flag)
}

/**
 * Moves the values of the flags that npm took from the positional arguments to the flags. Returns the rest, which is the
 * folder, or undefined if they can't be told apart.
 */
function assignPositionals(
  positionals: readonly string[],
  options: readonly (ValueOption & { id: ValueId })[],
  values: Map<ValueId, string>,
): string[] | undefined {
  const rest = [...positionals]
  // Options with a fixed set of values first: these can be told from a folder and a model.
  const closedFirst = [...options].sort(
    (one, other) => Number(other.choices !== undefined) - Number(one.choices !== undefined),
  )
  for (const option of closedFirst) {
    const index = option.choices === undefined ? indexOfModel(rest) : lastIndexOfChoice(rest, option)
    const value = rest[index]
    if (value === undefined) return undefined
    addValue(values, option, value)
    rest.splice(index, 1)
  }
  return rest.length > 1 ? undefined : rest
}

function lastIndexOfChoice(positionals: readonly string[], option: ValueOption): number {
  const allowed = new Set(option.choices?.map((choice) => choice.value))
  return positionals.findLastIndex((positional) => {
    const given = option.many ? splitValues(positional) : [positional]
    return given.length > 0 && given.every((value) => allowed.has(value))
  })
}

/** Returns the index of the argument that is certainly a model, or of the only one with the form of a model. */
function indexOfModel(positionals: readonly string[]): number {
  const known = positionals.findLastIndex(isCertainlyModel)
  if (known >= 0) return known
  const formed = positionals.flatMap((positional, index) => (looksLikeModel(positional) ? [index] : []))
  return formed.length === 1 ? (formed[0] ?? -1) : -1
}

function correctedCommand(
  positionals: readonly string[],
  values: ReadonlyMap<ValueId, string>,
  withoutValue: readonly (ValueOption & { id: ValueId })[],
  switches: readonly string[],
): string {
  const flags = allValueOptions.flatMap((option) => {
    const value = values.get(option.id)
    return value === undefined ? [] : [`${option.flag} ${quote(value)}`]
  })
  const open = withoutValue
    .filter((option) => !values.has(option.id))
    .map((option) => `${option.flag} ${option.placeholder}`)
  const [only] = positionals.length === 1 ? positionals : []
  // --list takes no folder.
  const directory = only === undefined ? (switches.includes('--list') ? [] : ['DIR']) : [quote(only)]
  return ['npm create mlx-app@latest', ...directory, '--', ...flags, ...open, ...switches].join(' ')
}
