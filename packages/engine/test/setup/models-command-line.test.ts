import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../src/setup/commands/models/command-line.ts'
import { formatCommandHelp, formatModelsHelp } from '../../src/setup/commands/models/help.ts'
import { commands } from '../../src/setup/commands/models/index.ts'
import { formatModelList } from '../../src/setup/commands/models/list.ts'
import { describeVerification } from '../../src/setup/commands/models/verify.ts'
import { UsageError } from '../../src/setup/commands/usage-error.ts'

const read = (words: string, environment: NodeJS.ProcessEnv = {}) =>
  parseCommandLine(words === '' ? [] : words.split(' '), commands, environment)

describe('the command line', () => {
  it.each([
    ['', undefined],
    ['list', 'list'],
    ['pull', 'pull'],
    ['download a/b', 'pull'],
    ['verify a/b --revision main --json', 'verify'],
    ['clean --dry-run', 'clean'],
    ['remove a/b --yes', 'remove'],
  ])('"%s" is the command %s', (words, name) => {
    expect(read(words).command?.name).toBe(name)
  })

  it('gives names and flags', () => {
    expect(read('pull a/b --revision v1 --output ./there')).toMatchObject({
      id: 'a/b',
      flags: { revision: 'v1', output: './there', json: false },
    })
  })

  it.each([
    ['fetch', 'Unknown command: models fetch. The commands are list, pull, download, remove, verify, clean.'],
    ['list a/b', 'models list does not accept a model.'],
    ['pull a/b c/d', 'models pull accepts only one model.'],
    ['remove', 'models remove requires the ID of a model.'],
    ['remove a/b --dry-run', 'models remove does not support --dry-run.'],
    ['clean --yes', 'models clean does not support --yes.'],
    ['--revision main', 'models list does not support --revision.'],
    ['pull a/b --output=', '--output must not be empty.'],
    ['pull --revison main', "Unknown option '--revison'."],
  ])('"%s" is wrong usage', (words, message) => {
    expect(() => read(words)).toThrow(UsageError)
    expect(() => read(words)).toThrow(message)
  })
})

describe('a flag that npm did not pass on', () => {
  const project = mkdtempSync(join(tmpdir(), 'mlx-app-models-'))
  writeFileSync(join(project, 'package.json'), '{ "scripts": { "models": "mlx-app models" } }')
  afterAll(() => rmSync(project, { recursive: true }))
  const npm = {
    npm_lifecycle_event: 'models',
    npm_config_user_agent: 'npm/11.1.0 node/v22.12.0',
    MLX_PROJECT: project,
  }

  it.each([
    ['clean', { npm_config_dry_run: 'true' }, '--dry-run', 'npm run models -- clean --dry-run'],
    [
      'pull a/b there',
      { npm_config_output: 'true' },
      '--output DIR',
      'npm run models -- pull a/b --output DIR',
    ],
    [
      'remove a/b',
      { npm_config_yes: 'true', npm_config_json: 'true' },
      '--yes and --json',
      'npm run models -- remove a/b --yes --json',
    ],
    ['', { npm_config_json: 'true' }, '--json', 'npm run models -- list --json'],
  ])('"%s" fails with the command that works', (words, taken, flags, command) => {
    expect(() => read(words, { ...npm, ...taken })).toThrow(
      `npm did not pass on ${flags}. Put -- before the command: ${command}`,
    )
  })

  it('is accepted if it was passed on, is off, or comes from another package manager', () => {
    expect(read('clean --dry-run', { ...npm, npm_config_dry_run: 'true' }).flags.dryRun).toBe(true)
    expect(read('clean', { ...npm, npm_config_dry_run: 'false' }).flags.dryRun).toBe(false)
    const pnpm = { ...npm, npm_config_user_agent: 'pnpm/12.0.0', npm_config_dry_run: 'true' }
    expect(read('clean', pnpm).command?.name).toBe('clean')
  })
})

describe('the help', () => {
  it('lists each command and alias, in 100 columns', () => {
    const text = formatModelsHelp(commands)
    for (const { name, aliases } of commands) {
      for (const word of [name, ...aliases]) expect(text).toContain(word)
    }
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  it.each(commands.map((command) => [command.name, command] as const))(
    'for %s lists each of its flags',
    (name, command) => {
      const text = formatCommandHelp(command)
      expect(text).toContain(name)
      for (const flag of [...command.flags, 'help']) expect(text).toMatch(new RegExp(`^  --${flag} `, 'm'))
      expect(read(`${name} --help`).help).toBe(true)
    },
  )
})

it('shows models that do not fit, and marks the one in use', () => {
  const model = { model: 'large', path: '/m/large', bytes: 60e9, place: 'cache' as const, fits: false }
  expect(formatModelList([{ ...model, configured: true }], 'large')).toEqual([
    '  MODEL     SIZE  PLACE  MEMORY     PATH',
    '* large  60.0 GB  cache  too large  /m/large',
  ])
})

it('reports files without a known hash', () => {
  const file = (path: string, state: 'ok' | 'missing' | 'unknown') => ({ path, bytes: 1000, state })
  expect(
    describeVerification({ model: 'mine', path: '/m', files: [file('a', 'ok'), file('b', 'unknown')] }),
  ).toEqual(['✓ mine: 1 file verified, 1.0 kB; 1 without a known hash'])
  expect(describeVerification({ model: 'mine', path: '/m', files: [file('b', 'unknown')] })).toEqual([
    '- mine: the hub has no hashes for its files (/m)',
  ])
  expect(describeVerification({ model: 'mine', path: '/m', files: [file('a', 'missing')] })).toContain(
    '    a is missing',
  )
})
