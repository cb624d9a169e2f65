import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { helpText, readArguments, UsageError } from '../../src/chat/arguments.ts'
import { programName } from '../../src/chat/program-name.ts'
import { readQuestion } from '../../src/chat/question.ts'

test('parses flags and words', () => {
  const flags = '-m ./my-model --system Hi --max-tokens 5 --temperature .7 --seed 0 --device cpu'
  expect(readArguments([...flags.split(' '), 'what', 'is', '-'])).toEqual({
    help: false,
    version: false,
    model: './my-model',
    system: 'Hi',
    engine: { device: 'cpu' },
    sampling: { maxTokens: 5, temperature: 0.7, seed: 0 },
    words: ['what', 'is', '-'],
  })
  expect(readArguments(['--', '--model']).words).toEqual(['--model'])
})

test.each([
  [['--colour'], "Unknown option '--colour'."],
  [['--model'], "Option '-m, --model <value>' argument missing."],
  [['--model', ''], '--model must not be empty.'],
  [['--help=yes'], "Option '-h, --help' does not take an argument."],
  [['--max-tokens', '0'], '--max-tokens must be a whole number from 1 to 1048576, not "0".'],
  [['--max-tokens', '1e3'], '--max-tokens must be a whole number from 1 to 1048576, not "1e3".'],
  [['--temperature', '2.1'], '--temperature must be a number from 0 to 2, not "2.1".'],
  [['--temperature', 'hot'], '--temperature must be a number from 0 to 2, not "hot".'],
  [['--seed', '4294967296'], '--seed must be a whole number from 0 to 4294967295, not "4294967296".'],
  [['--seed', '-1'], "Option '--seed' argument is ambiguous."],
  [['--device', 'tpu'], '--device must be one of auto, gpu, cpu, not tpu.'],
])('%j is wrong usage', (commandLine, message) => {
  expect(() => readArguments(commandLine)).toThrow(new UsageError(message))
})

test('rejects a flag that npm took for itself', () => {
  const environment = { npm_lifecycle_event: 'start', npm_config_max_tokens: '5' }
  expect(() => readArguments(['Hi'], environment)).toThrow('npm start -- --max-tokens ...')
  expect(readArguments(['Hi'], { ...environment, npm_lifecycle_event: 'test' }).sampling).toEqual({})
})

test('the help lists every flag and fits in 80 columns', () => {
  // If it is run as a file, the name of the program is its path, which may be long.
  vi.stubEnv('npm_lifecycle_event', 'start')
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const flag of ['model', 'system', 'max-tokens', 'temperature', 'seed', 'device', 'help', 'version']) {
    expect(helpText()).toContain(`--${flag}`)
  }
  for (const line of helpText().split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

test.each([
  ['npm/11.0.0 node/v20', 'npm -s start --'],
  ['pnpm/12.0.1 npm/? node/v20', 'pnpm -s start'],
  ['yarn/4.9.0 npm/? node/v20', 'yarn start'],
  ['bun/1.3.0 npm/? node/v20', 'bun run --silent start'],
])('names the program as %s runs it', (agent, name) => {
  const environment = { npm_lifecycle_event: 'start', npm_config_user_agent: agent }
  expect(programName(environment, '/app/dist/main.js')).toBe(name)
})

describe('the question', () => {
  async function* input(...blocks: string[]) {
    for (const block of blocks) yield new TextEncoder().encode(block)
  }

  test('comes from the words, standard input, or both', async () => {
    expect(await readQuestion(['what', 'is it?'], input('unread'))).toBe('what is it?')
    expect(await readQuestion([], input('a\n', 'b\n'))).toBe('a\nb')
    expect(await readQuestion(['-'], input('text\n'))).toBe('text')
    expect(await readQuestion(['Sum', 'up:', '-', 'In French.'], input('text\n'))).toBe(
      'Sum up:\n\ntext\n\nIn French.',
    )
  })

  test('decodes a character whose bytes arrive in two blocks', async () => {
    const bytes = new TextEncoder().encode('👋🏽')
    async function* halves() {
      yield bytes.subarray(0, 3)
      yield bytes.subarray(3)
    }
    expect(await readQuestion([], halves())).toBe('👋🏽')
  })

  test.each([[[' ', '']], [['']], [['-']], [[]]])('must not be empty: %j', async (words) => {
    await expect(readQuestion(words, input(' \n'))).rejects.toThrow(UsageError)
  })
})
