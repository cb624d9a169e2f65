import { parseArgs } from 'node:util'
import { SettingError, settingRows } from './settings.ts'

/** Keys on a command line can be seen by everyone on the machine. */
const onlyInEnvironment = new Set(['engineKey'])

const flags = new Map(
  settingRows
    .filter(({ key }) => !onlyInEnvironment.has(key))
    .map(({ key, variable }) => [flagOf(key), variable]),
)

/**
 * Returns the settings on a command line, such as `--keep-alive 10m`, as environment variables.
 *
 * @throws SettingError for an unknown flag, or one without a value.
 */
export function readFlags(words: readonly string[]): Record<string, string> {
  const options = Object.fromEntries([...flags.keys()].map((name) => [name, { type: 'string' as const }]))
  try {
    const { values } = parseArgs({ args: [...words], options })
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [flags.get(name) ?? name, String(value)]),
    )
  } catch (error) {
    throw new SettingError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** Returns the flag of a setting: `keep-alive` for `keepAlive`. */
function flagOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
