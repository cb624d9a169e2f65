import { parseArgs } from 'node:util'
import { type EngineOptions, type GenerateOptions, limits } from 'mlx-app'
import { programName } from './program-name.ts'

/** Wrong usage: the program ends with exit code 2. */
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
  /** The question in pieces; `-` stands for standard input. */
  words: string[]
}

/** Every flag: what parses the command line, and what --help shows. */
const flags = {
  model: {
    type: 'string',
    short: 'm',
    value: 'NAME',
    help: 'a folder in models/, a path, or a Hugging Face id',
  },
  system: { type: 'string', value: 'TEXT', help: 'what the model is told before the chat' },
  'max-tokens': { type: 'string', value: 'N', help: 'most tokens of an answer (1024)' },
  temperature: {
    type: 'string',
    value: 'T',
    help: `0 (the default) to ${limits.temperature}: how freely it chooses`,
  },
  seed: { type: 'string', value: 'N', help: 'the same answer again, when the temperature is above 0' },
  device: { type: 'string', value: 'NAME', help: 'auto, gpu or cpu' },
  help: { type: 'boolean', short: 'h', value: '', help: 'this text' },
  version: { type: 'boolean', value: '', help: "the project's version" },
} as const

const devices = ['auto', 'gpu', 'cpu'] as const

/**
 * Reads the command line.
 *
 * @throws UsageError for an unknown flag and for a value that its flag can't have.
 */
export function readArguments(
  commandLine: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): ChatArguments {
  refuseFlagsOfNpm(environment)
  const { values, positionals } = parse(commandLine)
  const device = devices.find((name) => name === values.device)
  if (values.device !== undefined && device === undefined) {
    throw new UsageError(`--device is one of ${devices.join(', ')}, not ${values.device}.`)
  }
  const maxTokens = integer('max-tokens', values['max-tokens'], 1, limits.maxTokens)
  const temperature = numberUpTo('temperature', values.temperature, limits.temperature)
  const seed = integer('seed', values.seed, 0, limits.seed)
  return {
    help: values.help ?? false,
    version: values.version ?? false,
    model: notEmpty('model', values.model),
    system: notEmpty('system', values.system),
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
    'Talk to the language model of this project.',
    '',
    `  ${program}`,
    '      a chat; /help lists its commands',
    `  ${program} "a question"`,
    '      prints the answer, and nothing else, on standard output',
    `  ${program} < question.txt`,
    '      the same with the question from standard input',
    `  ${program} "Sum up:" - < text.txt`,
    '      both: - stands for standard input',
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
    // The rest of Node's message is about flags that are meant as text.
    const [reason] = error.message.split(/\. |\n/)
    throw new UsageError(`${reason?.replace(/\.$/, '')}.`)
  }
}

/** npm keeps flags in front of `--` for itself and passes them on as environment variables only. */
function refuseFlagsOfNpm(environment: NodeJS.ProcessEnv): void {
  if (environment.npm_lifecycle_event !== 'start') return
  for (const [name, { type }] of Object.entries(flags)) {
    const value = environment[`npm_config_${name.replaceAll('-', '_')}`]
    if (type !== 'string' || !value) continue
    throw new UsageError(`npm took --${name} for itself. Put -- in front of it: npm start -- --${name} ...`)
  }
}

function notEmpty(flag: string, text: string | undefined): string | undefined {
  if (text?.trim() === '') throw new UsageError(`--${flag} is empty.`)
  return text
}

function integer(flag: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`--${flag} is a whole number from ${least} to ${most}, not ${JSON.stringify(text)}.`)
}

function numberUpTo(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && value <= most) return value
  throw new UsageError(`--${flag} is a number from 0 to ${most}, not ${JSON.stringify(text)}.`)
}
