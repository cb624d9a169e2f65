/** Each option of the registry becomes an answer, and each answer becomes that option again. */
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { featuresOf, templates } from '../../src/choices.ts'
import { answerFlags } from '../../src/command-line/answer-flags.ts'
import { readArguments } from '../../src/command-line/arguments.ts'
import { allSwitchOptions, allValueOptions, type ValueId } from '../../src/command-line/options.ts'
import type { Monorepo } from '../../src/machine/monorepo.ts'
import { resolveAnswers } from '../../src/steps/answers.ts'
import type { Context } from '../../src/steps/context.ts'
import { repeatCommand } from '../../src/steps/next-commands.ts'
import type { Prompter } from '../../src/terminal/prompter.ts'
import { folderWithPrograms, temporaryFolder, writeTree } from '../support/folders.ts'

const context: Context = {
  environment: { PATH: '' },
  workingDirectory: '/work folder',
  machine: { platform: 'darwin', architecture: 'arm64', memoryBytes: 16 * 2 ** 30, nodeVersion: '24.1.0' },
  prompter: async () => undefined,
  takeDefaults: true,
  pythonChoices: () => ['uv'],
  findMonorepo: async () => undefined,
  userName: async () => undefined,
}

/** Finds a monorepo whose list includes the folder. */
async function inMonorepo(): Promise<Monorepo> {
  const root = temporaryFolder()
  writeTree(root, { 'package.json': '{ "workspaces": ["*"] }' })
  return { root, listFile: 'package.json', folder: 'my app', includesFolder: true }
}

const resolve = (argv: readonly string[]) =>
  resolveAnswers(readArguments(argv, {}), {
    ...context,
    ...(argv.join(' ').includes('--monorepo member') ? { findMonorepo: inMonorepo } : {}),
  })

/** Returns the words of a command line, as a shell splits it. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)

/** Values to try for the options without a fixed set of them. */
const texts: Partial<Record<ValueId, readonly string[]>> = {
  name: ['other', '@scope/other'],
  model: ['hello', 'mlx-community/Qwen3-0.6B-4bit', 'some/model'],
  'python-path': [process.execPath],
  author: ["Ada O'Neil & sons", '日本'],
}

/** The most features that each template can have, if it has any. */
const featureSets = templates.flatMap(
  ({ value }) =>
    featuresOf(value)
      .map((feature) => feature.value)
      .join(',') || [],
)

/** Returns a template that supports these features. */
function templateWith(features: string): string {
  const all = templates.map(({ value }) => value)
  const supports = (template: (typeof all)[number]) => {
    const supported: string[] = featuresOf(template).map(({ value }) => value)
    return features.split(',').every((feature) => supported.includes(feature))
  }
  return all.find(supports) ?? 'server'
}

const cases = allValueOptions.flatMap((option) => {
  const values = option.choices?.map(({ value }) => value) ?? texts[option.id] ?? []
  const sets = option.many ? [...values, ...featureSets] : values
  return sets.map((value) => [option.flag, value] as const)
})

it('tries every option that gives an answer', () => {
  expect(new Set(cases.map(([flag]) => flag))).toEqual(new Set(allValueOptions.map(({ flag }) => flag)))
})

it.each(cases)(
  '%s %s is in the command that repeats the run, which gives the same answers',
  async (flag, value) => {
    const template = flag === '--with' ? templateWith(value) : 'server'
    const argv = ['my app', ...(flag === '--template' ? [] : ['--template', template]), flag, value]
    const { target, answers, defaults } = await resolve(argv)
    expect(defaults.map((text) => text.split(' ')[0])).not.toContain(flag)
    const switches = new Set(allSwitchOptions.map(({ id }) => id))
    const command = repeatCommand(target.path, answers, context.workingDirectory, '1.2.3', switches, {})
    const words = wordsOf(command)
    const repeated = words.slice(words.indexOf('my app'))
    expect(repeated.join(' ')).toContain(`${flag} ${value}`)
    expect(await resolve(repeated)).toEqual({ ...(await resolve(argv)), defaults: [] })
    const given = readArguments(repeated, {})
    expect(given.switches).toEqual(new Set(['yes', 'no-install', 'no-git']))
  },
)

it('prints the defaults as the flags that give them', async () => {
  const { answers, defaults } = await resolve(['my-app'])
  expect(defaults).toEqual(answerFlags(answers))
  const repeated = await resolve(['my-app', ...wordsOf(defaults.join(' '))])
  expect(repeated).toMatchObject({ answers, defaults: [] })
})

it('asks the questions of the registry, in order, with the defaults selected', async () => {
  const asked: { message: string; initial: string }[] = []
  const select = async (message: string, initial: string): Promise<string> => {
    asked.push({ message, initial })
    return initial
  }
  const prompter: Prompter = {
    text: (message, initial) => select(message, initial),
    select: (message, _, initial) => select(message, initial),
    selectMany: async (message) => [await select(message, '')].filter((value) => value !== ''),
  }
  const { answers } = await resolveAnswers(readArguments([], {}), {
    ...context,
    environment: { PATH: folderWithPrograms('npm', 'yarn') },
    takeDefaults: false,
    findMonorepo: inMonorepo,
    prompter: async () => prompter,
    pythonChoices: () => ['uv', 'pip'],
  })
  const options = allValueOptions.filter(({ question }) => question !== undefined)
  expect(asked.map(({ message }, index) => message.startsWith(options[index]?.question ?? '?'))).toEqual(
    options.map(() => true),
  )
  expect(asked.map(({ initial }) => initial)).toEqual(options.map((option) => option.valueIn(answers) ?? ''))
})
