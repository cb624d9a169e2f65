import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { recoverFromNpm } from './npm-flags.ts'
import {
  allSwitchOptions,
  allValueOptions,
  type SwitchId,
  type ValueId,
  type ValueOption,
} from './options.ts'
import { type RawArguments, splitArguments } from './split-arguments.ts'
import { describeValues, splitValues } from './values.ts'

/** The command line, checked against the registry of options. */
export interface Arguments {
  /** The folder of the project, as typed. */
  directory: string | undefined
  values: ReadonlyMap<ValueId, string>
  switches: ReadonlySet<SwitchId>
}

/**
 * Reads the command line, and what npm left of it in the environment.
 *
 * @throws UsageError for an unknown flag or value, a missing value, more than one folder, and for flags that npm took and
 * that can't be recovered.
 */
export function readArguments(argv: readonly string[], environment: NodeJS.ProcessEnv): Arguments {
  const raw = recoverFromNpm(splitArguments(argv), environment)
  const [directory, ...rest] = raw.positionals
  if (rest.length > 0) {
    throw new UsageError(`Expected one folder, but got several: ${raw.positionals.join(', ')}`, {
      hints: ['Quote a name with spaces: create-mlx-app "my app"'],
    })
  }
  if (directory === '') throw new UsageError('The name of the folder is empty.')
  for (const option of allValueOptions) checkValue(option, raw.values.get(option.id))
  return { directory, ...expandShortForms(raw) }
}

/**
 * Replaces the switches that are short for a value with that value.
 *
 * @throws UsageError if a switch contradicts a flag or another switch.
 */
function expandShortForms({ values, switches }: RawArguments): Omit<Arguments, 'directory'> {
  const longValues = new Map(values)
  const longSwitches = new Set(switches)
  for (const option of allSwitchOptions) {
    if (option.shortFor === undefined || !switches.has(option.id)) continue
    const { id, value } = option.shortFor
    const other = longValues.get(id)
    if (other !== undefined && other !== value) {
      throw new UsageError(`${option.flag} means --${id} ${value}, but --${id} ${other} was given too.`, {
        hints: ['Use only one of them.'],
      })
    }
    longValues.set(id, value)
    longSwitches.delete(option.id)
  }
  return { values: longValues, switches: longSwitches }
}

function checkValue(option: ValueOption, value: string | undefined): void {
  if (value === undefined || option.choices === undefined) return
  const allowed = option.choices.map((choice) => choice.value)
  const given = option.many ? splitValues(value) : [value]
  if (given.length === 0) {
    throw new UsageError(`${option.flag} needs a value.`, { hints: [describeValues(option)] })
  }
  const unknown = given.find((one) => !allowed.includes(one))
  if (unknown === undefined) return
  const near = nearest(unknown, allowed)
  throw new UsageError(`Unknown value for ${option.flag}: ${unknown}`, {
    hints: [...(near === undefined ? [] : [`Did you mean ${option.flag} ${near}?`]), describeValues(option)],
  })
}
