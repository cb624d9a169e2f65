import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { allSwitchOptions, allValueOptions, type SwitchId, type ValueId } from './options.ts'
import { addValue, describeValues } from './values.ts'

/** The command line as typed, before npm's changes are undone and values are checked. */
export interface RawArguments {
  positionals: string[]
  values: Map<ValueId, string>
  switches: Set<SwitchId>
}

/**
 * Splits the command line into flags and positional arguments. It accepts `--flag value`, `--flag=value` and `-f value`.
 * `npm create` needs a `--` before flags, which other ways to run the tool pass on, so it is ignored. A name that begins
 * with one dash is a folder after it.
 *
 * @throws UsageError for an unknown flag, and for one without its value.
 */
export function splitArguments(argv: readonly string[]): RawArguments {
  const raw: RawArguments = { positionals: [], values: new Map(), switches: new Set() }
  let isAfterDashes = false
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--') {
      isAfterDashes = true
      continue
    }
    if (!argument.startsWith('-') || argument === '-') {
      raw.positionals.push(argument)
      continue
    }
    const equals = argument.indexOf('=')
    const flag = equals < 0 ? argument : argument.slice(0, equals)
    const switchOption = allSwitchOptions.find((option) => isNamed(option, flag))
    if (switchOption !== undefined) {
      if (equals >= 0) throw new UsageError(`${switchOption.flag} does not take a value: ${argument}`)
      raw.switches.add(switchOption.id)
      continue
    }
    const valueOption = allValueOptions.find((option) => isNamed(option, flag))
    if (valueOption === undefined) {
      if (!isAfterDashes || flag.startsWith('--')) throw unknownFlag(flag)
      raw.positionals.push(argument)
      continue
    }
    const value = equals < 0 ? argv[++index] : argument.slice(equals + 1)
    if (value === undefined || value === '' || (equals < 0 && value.startsWith('-'))) {
      throw new UsageError(`${valueOption.flag} needs a value.`, { hints: [describeValues(valueOption)] })
    }
    addValue(raw.values, valueOption, value)
  }
  return raw
}

function isNamed(option: { flag: string; short?: string }, flag: string): boolean {
  return option.flag === flag || option.short === flag
}

function unknownFlag(flag: string): UsageError {
  const flags = [...allValueOptions, ...allSwitchOptions].map((option) => option.flag)
  const near = nearest(flag, flags)
  return new UsageError(`Unknown flag: ${flag}`, {
    hints: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      `Flags: ${flags.join(' ')}`,
      'For details, run: create-mlx-app --help',
    ],
  })
}
