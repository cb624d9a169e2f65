import { parseArgs } from 'node:util'
import { type EngineOptions, type GenerateOptions, limits } from 'mlx-app'
import { programName } from './program-name.ts'

/** An error in how the program was called. The program exits with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface ChatArguments {
  help: boolean
  version: boolean
  model: string | undefined
  system: string | undefined
  engine: Pick<EngineOptions, 'device'>
  sampling: Pick<GenerateOptions, 'maxTokens' | 'temperature' | 'seed'>
  /** The words of the question. `-` stands for standard input. */
  words: string[]
}

/** The flags, from which the command line is parsed and the help is generated. */
const flags = {
  model: {
    type: 'string',
    short: 'm',
    value: 'NAME',
    help: 'a folder in models/, a path, or a Hugging Face ID',
  },
  system: { type: 'string', value: 'TEXT', help: 'the system message' },
  'max-tokens': { type: 'string', value: 'N', help: 'the maximum number of tokens in an answer (1024)' },
  temperature: {
    type: 'string',
    value: 'T',
    help: `how random answers are, 0 to ${limits.temperature} (default: of the model)`,
  },
  seed: { type: 'string', value: 'N', help: 'makes sampled answers reproducible' },
  device: { type: 'string', value: 'NAME', help: 'auto, gpu or cpu' },
  help: { type: 'boolean', short: 'h', value: '', help: 'show this help' },
  version: { type: 'boolean', value: '', help: 'show the version of the project' },
} as const

const devices = ['auto', 'gpu', 'cpu'] as const

/**
 * Parses the command line.
 *
 * @throws UsageError for an unknown flag or an invalid value.
 */
export function readArguments(
  commandLine: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChatArguments {
  rejectFlagsTakenByNpm(environment)
  const { values, positionals } = parse(commandLine)
  const device = devices.find((name) => name === values.device)
  if (values.device !== undefined && device === undefined) {
    throw new UsageError(`--device must be one of ${devices.join(', ')}, not ${values.device}.`)
  }
  const maxTokens = integer('max-tokens', values['max-tokens'], 1, limits.maxTokens)
  const temperature = numberUpTo('temperature', values.temperature, limits.temperature)
  const seed = integer('seed', values.seed, 0, limits.seed)
  return {
    help: values.help ?? false,
    version: values.version ?? false,
    model: nonEmpty('model', values.model),
    system: nonEmpty('system', values.system),
    engine: device === undefined ? {} : { device },
    sampling: {
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(seed === undefined ? {} : { seed }),
    },
    words: positionals,
  }
}

export function helpText(): string {
  const program = programName()
  const lines = Object.entries(flags).map(([name, flag]) => {
    const short = 'short' in flag ? `-${flag.short}, ` : '    '
    return `  ${short}--${`${name} ${flag.value}`.padEnd(14)} ${flag.help}`
  })
  return [
    'Chat with the language model of this project.',
    '',
    `  ${program}`,
    '      opens a chat; type /help for its commands',
    `  ${program} "a question"`,
    '      prints only the answer on standard output',
    `  ${program} < question.txt`,
    '      reads the question from standard input',
    `  ${program} "Sum up:" - < text.txt`,
    '      combines both: - stands for standard input',
    '',
    ...lines,
    '',
    'Exit codes: 0 answered, 1 failed, 2 wrong usage, 130 interrupted.',
    '',
  ].join('\n')
}

function parse(commandLine: readonly string[]) {
  try {
    return parseArgs({ args: [...commandLine], options: flags, allowPositionals: true, strict: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The rest of Node's message explains how to pass text that looks like a flag.
    const [reason] = error.message.split(/\. |\n/)
    throw new UsageError(`${reason?.replace(/\.$/, '')}.`)
  }
}

/** Rejects flags before `--`. npm takes them for itself and only passes them on as environment variables. */
function rejectFlagsTakenByNpm(environment: NodeJS.ProcessEnv): void {
  if (environment.npm_lifecycle_event !== 'start') return
  for (const [name, { type }] of Object.entries(flags)) {
    const value = environment[`npm_config_${name.replaceAll('-', '_')}`]
    if (type !== 'string' || !value) continue
    throw new UsageError(`npm took --${name} for itself. Add -- before it: npm start -- --${name} ...`)
  }
}

function nonEmpty(flag: string, text: string | undefined): string | undefined {
  if (text?.trim() === '') throw new UsageError(`--${flag} must not be empty.`)
  return text
}

function integer(flag: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`--${flag} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`)
}

function numberUpTo(flag: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && value <= max) return value
  throw new UsageError(`--${flag} must be a number from 0 to ${max}, not ${JSON.stringify(text)}.`)
}
