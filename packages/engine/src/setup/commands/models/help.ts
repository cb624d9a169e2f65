import { scriptWithArguments } from '../../../engine/project/index.ts'
import type { ModelsCommand } from './command.ts'
import { type FlagName, flags } from './flags.ts'

const after = `  HF_TOKEN           for gated and private models
  HF_HOME            where the cache lies that all Hugging Face tools share; ~/.cache/huggingface
  HF_ENDPOINT        another hub than https://huggingface.co
  HF_HUB_OFFLINE=1   asks no hub`

/** Of all commands. */
export function formatModelsHelp(commands: readonly ModelsCommand[]): string {
  const rows = commands.map(
    ({ name, argument, aliases, summary }) =>
      [
        `${name} ${argument}`.trim(),
        aliases.length > 0 ? `${summary} (also: ${aliases.join(', ')})` : summary,
      ] as const,
  )
  return [
    'Models on this machine, and how to get more.',
    '',
    ...columns(rows),
    '',
    after,
    '',
    `Each has a help of its own: ${scriptWithArguments('models', 'pull --help')}`,
    'Exit codes: 0 done, 1 not done, 2 wrong usage, 130 interrupted.',
  ].join('\n')
}

/** Of one command. */
export function formatCommandHelp(command: ModelsCommand): string {
  const { name, argument, summary, details } = command
  const usage = [name, argument, ...command.flags.map((flag) => `[${flagText(flag)}]`)]
  const rows = command.flags.map((flag) => [flagText(flag), flags[flag].help] as const)
  return [
    scriptWithArguments('models', usage.filter((part) => part !== '').join(' ')),
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(details === '' ? [] : [details]),
    '',
    ...columns([...rows, ['--help', 'this text']]),
  ].join('\n')
}

function flagText(flag: FlagName): string {
  return `--${flag} ${flags[flag].value}`.trim()
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`)
}
