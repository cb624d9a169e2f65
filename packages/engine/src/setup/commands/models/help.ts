import { scriptWithArguments } from '../../../engine/project/index.ts'
import type { ModelsCommand } from './command.ts'
import { flags, formatFlag } from './flags.ts'

const environmentHelp = `Environment variables:
  HF_TOKEN           access token for gated and private models
  HF_HOME            location of the cache that all Hugging Face tools share (~/.cache/huggingface)
  HF_ENDPOINT        another hub instead of https://huggingface.co
  HF_HUB_OFFLINE=1   never contact the hub`

/** Returns the help for all commands. */
export function formatModelsHelp(commands: readonly ModelsCommand[]): string {
  const rows = commands.map(
    ({ name, argument, aliases, summary }) =>
      [
        `${name} ${argument}`.trim(),
        aliases.length > 0 ? `${summary} (alias: ${aliases.join(', ')})` : summary,
      ] as const,
  )
  return [
    'Lists, downloads, verifies and removes models.',
    '',
    'Commands:',
    ...formatColumns(rows),
    '',
    environmentHelp,
    '',
    `To see the options of a command, run: ${scriptWithArguments('models', 'pull --help')}`,
    'Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.',
  ].join('\n')
}

/** Returns the help for one command. */
export function formatCommandHelp(command: ModelsCommand): string {
  const { name, argument, summary, details } = command
  const usage = [name, argument, ...command.flags.map((flag) => `[${formatFlag(flag)}]`)]
  const rows = command.flags.map((flag) => [formatFlag(flag), flags[flag].help] as const)
  return [
    `Usage: ${scriptWithArguments('models', usage.filter((part) => part !== '').join(' '))}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(details === '' ? [] : [details]),
    '',
    'Options:',
    ...formatColumns([...rows, ['--help', 'show this help']]),
  ].join('\n')
}

function formatColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`)
}
