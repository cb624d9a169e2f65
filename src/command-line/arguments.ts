import { UsageError } from '../errors.ts'
import { nearest } from './nearest.ts'
import { recoverFromNpm } from './npm-flags.ts'
import {
  allSwitchOptions,
  allValueOptions,
  type SwitchId,
  type ValueId,
  type ValueOption,
} from './options.ts'
import { addValue, valuesIn } from './values.ts'

/** What the command line says, checked against the registry of options. */
export interface Arguments {
  /** Where the project goes, as it was typed. */
  directory: string | undefined
  values: ReadonlyMap<ValueId, string>
  switches: ReadonlySet<SwitchId>
}

/** The command line as it stands, before npm's part is undone and before values are checked. */
export interface RawArguments {
  positionals: string[]
  values: Map<ValueId, string>
  switches: Set<SwitchId>
}

/**
 * Reads the command line and what npm left of it in the environment.
 *
 * @throws UsageError for an unknown flag or value, a missing value, more than one folder, and for flags that
 * npm took for itself and that can't be recovered.
 */
export function readArguments(argv: readonly string[], environment: NodeJS.ProcessEnv): Arguments {
  const raw = recoverFromNpm(splitArguments(argv), environment)
  const [directory, ...rest] = raw.positionals
  if (rest.length > 0) {
    throw new UsageError(`Only one folder can be made: ${raw.positionals.join(', ')}`, {
      hints: ['A name with spaces needs quotes: create-mlx-app "my app"'],
    })
  }
  if (directory === '') throw new UsageError('The name of the folder is empty.')
  for (const option of allValueOptions) checkValue(option, raw.values.get(option.id))
  return { directory, ...withoutShortForms(raw) }
}

/**
 * Puts the value in the place of the switch that is short for it.
 *
 * @throws UsageError when a switch contradicts a flag or another switch.
 */
function withoutShortForms({ values, switches }: RawArguments): Omit<Arguments, 'directory'> {
  const longValues = new Map(values)
  const longSwitches = new Set(switches)
  for (const option of allSwitchOptions) {
    if (option.shortFor === undefined || !switches.has(option.id)) continue
    const { id, value } = option.shortFor
    const other = longValues.get(id)
    if (other !== undefined && other !== value) {
      throw new UsageError(`${option.flag} is --${id} ${value}, but --${id} ${other} is asked for too.`, {
        hints: ['Give one of them.'],
      })
    }
    longValues.set(id, value)
    longSwitches.delete(option.id)
  }
  return { values: longValues, switches: longSwitches }
}

/**
 * Splits the command line into flags and the rest. `--flag value`, `--flag=value`, `-f value`; everything
 * after `--` is no flag.
 *
 * @throws UsageError for a flag that is not in the registry, and for one without its value.
 */
export function splitArguments(argv: readonly string[]): RawArguments {
  const raw: RawArguments = { positionals: [], values: new Map(), switches: new Set() }
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--') {
      raw.positionals.push(...argv.slice(index + 1))
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      raw.positionals.push(argument)
      continue
    }
    const equals = argument.indexOf('=')
    const flag = equals < 0 ? argument : argument.slice(0, equals)
    const switchOption = allSwitchOptions.find((option) => isNamed(option, flag))
    if (switchOption !== undefined) {
      if (equals >= 0) throw new UsageError(`${switchOption.flag} takes no value: ${argument}`)
      raw.switches.add(switchOption.id)
      continue
    }
    const valueOption = allValueOptions.find((option) => isNamed(option, flag))
    if (valueOption === undefined) throw unknownFlag(flag)
    const value = equals < 0 ? argv[++index] : argument.slice(equals + 1)
    if (value === undefined || value === '' || (equals < 0 && value.startsWith('-'))) {
      throw new UsageError(`${valueOption.flag} needs a value.`, { hints: [valuesOf(valueOption)] })
    }
    addValue(raw.values, valueOption, value)
  }
  return raw
}

/** One line that says which values an option takes. */
export function valuesOf(option: ValueOption): string {
  if (option.choices === undefined) return `${option.flag} ${option.placeholder}: ${option.help}`
  return `${option.flag} takes: ${option.choices.map((choice) => choice.value).join(', ')}`
}

function isNamed(option: { flag: string; short?: string }, flag: string): boolean {
  return option.flag === flag || option.short === flag
}

function checkValue(option: ValueOption, value: string | undefined): void {
  if (value === undefined || option.choices === undefined) return
  const allowed = option.choices.map((choice) => choice.value)
  const given = option.many ? valuesIn(value) : [value]
  if (given.length === 0) throw new UsageError(`${option.flag} needs a value.`, { hints: [valuesOf(option)] })
  const unknown = given.find((one) => !allowed.includes(one))
  if (unknown === undefined) return
  const near = nearest(unknown, allowed)
  throw new UsageError(`Unknown value of ${option.flag}: ${unknown}`, {
    hints: [...(near === undefined ? [] : [`Did you mean ${option.flag} ${near}?`]), valuesOf(option)],
  })
}

function unknownFlag(flag: string): UsageError {
  const flags = [...allValueOptions, ...allSwitchOptions].map((option) => option.flag)
  const near = nearest(flag, flags)
  return new UsageError(`Unknown flag: ${flag}`, {
    hints: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      `Flags: ${flags.join(' ')}`,
      'All of them explained: create-mlx-app --help',
    ],
  })
}
