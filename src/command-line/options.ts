/**
 * The registry of options. Flags, `--help`, prompts, defaults, validation and the command that repeats a run all come
 * from the tables in this file, and from the choices in choices.ts.
 */

import {
  type Answers,
  type Choice,
  features,
  monorepoRoles,
  packageManagers,
  pythonEnvironments,
  type TemplateId,
  templates,
} from '../choices.ts'
import type { Machine } from '../machine/machine.ts'
import type { Monorepo } from '../machine/monorepo.ts'
import { packageManagerChoices } from '../machine/package-manager-choices.ts'
import { pythonProjectEnvironment } from '../machine/python-choices.ts'

interface OptionBase {
  id: string
  flag: `--${string}`
  short?: `-${string}`
  /** One line for `--help`. */
  help: string
}

/** What the defaults of options depend on. */
export interface DefaultContext {
  environment: NodeJS.ProcessEnv
  machine: Machine
  /** The name that the folder gives to the project. */
  folderName: string
  /** The monorepo that the folder is in, if any. */
  monorepo: Monorepo | undefined
  /** Returns git's user.name; undefined if there is none. */
  userName(): Promise<string | undefined>
}

/** An option that takes a value, and the answer that it gives. */
export interface ValueOption extends OptionBase {
  kind: 'value'
  /** The name of the value in `--help`. */
  placeholder: string
  /** The allowed values; any text is allowed if there are none. */
  choices?: readonly Choice[]
  /** Whether the option takes several values, by commas or by repeating it. */
  many?: boolean
  /** The prompt on a terminal. An option without one is never asked for. */
  question?: string
  /** Whether the option must be given if nobody can be asked and defaults were not requested. */
  required?: boolean
  /** The default in words, for `--help`. */
  defaultHelp: string
  /**
   * Returns the default; undefined if the option is then left out.
   *
   * @param answers the answers so far.
   */
  defaultValue(
    context: DefaultContext,
    answers: Partial<Answers>,
  ): Promise<string | undefined> | string | undefined
  /** Returns the value of the flag that gives these answers; undefined if they need no flag. */
  valueIn(answers: Answers): string | undefined
  /** Whether its value may be recovered when npm took the flag, as it does with flags before `--`. */
  recoverableFromNpm?: boolean
}

/** An option that is either set or not. */
export interface SwitchOption extends OptionBase {
  kind: 'switch'
  /** Whether npm has a flag of the same name, which is then meant for npm. */
  existsInNpm?: boolean
  /** The value of another option that this one is short for. */
  shortFor?: { id: ValueId; value: string }
  /** Whether the command that repeats a run has it too. */
  isRepeated?: boolean
}

const valueOptions = [
  {
    kind: 'value',
    id: 'name',
    flag: '--name',
    placeholder: 'N',
    help: 'name of the project on npm, or on PyPI for a Python project',
    question: 'Project name:',
    defaultHelp: 'the name of the folder',
    defaultValue: ({ folderName }) => folderName,
    valueIn: ({ name }) => name,
  },
  {
    kind: 'value',
    id: 'template',
    flag: '--template',
    short: '-t',
    placeholder: 'T',
    help: 'kind of project',
    choices: templates,
    question: 'Which template?',
    defaultHelp: templates[0].value,
    defaultValue: () => templates[0].value,
    valueIn: ({ template }) => template,
    recoverableFromNpm: true,
  },
  {
    kind: 'value',
    id: 'monorepo',
    flag: '--monorepo',
    placeholder: 'R',
    help: 'whether the monorepo around the project installs it (npm, pnpm, Yarn or Bun)',
    choices: monorepoRoles,
    question: 'Should it be a member of the monorepo',
    defaultHelp: 'member in a folder that the list of its packages includes, otherwise standalone',
    defaultValue: ({ monorepo }) => monorepo && (monorepo.includesFolder ? 'member' : 'standalone'),
    valueIn: ({ monorepo }) => monorepo,
  },
  {
    kind: 'value',
    id: 'model',
    flag: '--model',
    short: '-m',
    placeholder: 'M',
    help: 'hello (tiny, included in mlx-app), a Hugging Face ID, or a path; --list shows a catalogue with sizes',
    question: 'Which model?',
    required: true,
    defaultHelp: 'the largest text model of the catalogue that fits this machine, up to 2.5 GB on Linux',
    defaultValue: async ({ machine }) => {
      const { defaultModel } = await import('../models/catalogue.ts')
      return defaultModel(machine).id
    },
    valueIn: ({ model }) => model,
    recoverableFromNpm: true,
  },
  {
    kind: 'value',
    id: 'with',
    flag: '--with',
    placeholder: 'F,F',
    help: 'features to add, separated by commas; can be repeated',
    choices: features,
    many: true,
    question: 'Add features:',
    defaultHelp: 'none',
    defaultValue: () => undefined,
    valueIn: ({ features: added }) => added?.join(','),
  },
  {
    kind: 'value',
    id: 'env',
    flag: '--env',
    placeholder: 'E',
    help: 'how to set up the Python environment',
    choices: pythonEnvironments,
    question: 'Which Python environment?',
    defaultHelp:
      'uv if it can be installed, otherwise pip; existing with --python-path. For --template python: uv, or pip if there is Python but no uv',
    defaultValue: ({ environment }, { template, pythonPath, features: added }) => {
      if (template === 'python') return pythonProjectEnvironment(environment)
      if (pythonPath === undefined) return undefined
      return added?.includes('python') ? 'uv' : 'existing'
    },
    valueIn: ({ env }) => env,
    recoverableFromNpm: true,
  },
  {
    kind: 'value',
    id: 'python-path',
    flag: '--python-path',
    placeholder: 'P',
    help: 'Python interpreter to use as it is, or, with --env uv or pip, to build the environment from',
    defaultHelp: 'an interpreter that the setup finds or downloads',
    defaultValue: () => undefined,
    valueIn: ({ pythonPath }) => pythonPath,
  },
  {
    kind: 'value',
    id: 'package-manager',
    flag: '--package-manager',
    placeholder: 'P',
    help: 'package manager of the project, unless it is a Python project',
    choices: packageManagers,
    question: 'Which package manager?',
    defaultHelp:
      'that of the monorepo for its members; else the one that runs this command, or the first one on the PATH',
    defaultValue: ({ environment, monorepo }, { monorepo: role }) =>
      (role === 'member' ? monorepo?.manager : undefined) ?? packageManagerChoices(environment)[0],
    valueIn: ({ packageManager }) => packageManager,
  },
  {
    kind: 'value',
    id: 'author',
    flag: '--author',
    placeholder: 'A',
    help: 'copyright holder in LICENSE',
    defaultHelp: 'user.name of git, otherwise "<name> authors"',
    defaultValue: async ({ folderName, userName }, { name = folderName }) =>
      (await userName()) ?? `${name} authors`,
    valueIn: ({ author }) => author,
  },
] as const satisfies readonly ValueOption[]

const switchOptions = [
  {
    kind: 'switch',
    id: 'yes',
    flag: '--yes',
    short: '-y',
    help: 'use the defaults without prompting',
    existsInNpm: true,
  },
  {
    kind: 'switch',
    id: 'no-install',
    flag: '--no-install',
    help: 'do not install packages or set up Python',
    isRepeated: true,
  },
  {
    kind: 'switch',
    id: 'no-git',
    flag: '--no-git',
    help: 'do not create a git repository',
    isRepeated: true,
  },
  {
    kind: 'switch',
    id: 'force',
    flag: '--force',
    help: 'write into a folder that is not empty, and list the files that were overwritten',
    existsInNpm: true,
  },
  {
    kind: 'switch',
    id: 'dry-run',
    flag: '--dry-run',
    help: 'list the files without writing them',
  },
  {
    kind: 'switch',
    id: 'json',
    flag: '--json',
    help: 'print one JSON result to stdout, and everything else to stderr',
  },
  {
    kind: 'switch',
    id: 'list',
    flag: '--list',
    help: 'list templates, features and models; add --json for programs',
  },
  {
    kind: 'switch',
    id: 'help',
    flag: '--help',
    short: '-h',
    help: 'show this help; add --json for programs',
    existsInNpm: true,
  },
  {
    kind: 'switch',
    id: 'version',
    flag: '--version',
    short: '-v',
    help: 'show the version',
    existsInNpm: true,
  },
] as const satisfies readonly SwitchOption[]

export type ValueId = (typeof valueOptions)[number]['id']
export type SwitchId = (typeof switchOptions)[number]['id'] | TemplateId

/** The short forms of `--template`: `--node` for `--template node`, and so on. */
const templateSwitches = templates.map(({ value }) => ({
  kind: 'switch' as const,
  id: value,
  flag: `--${value}` as const,
  help: `short for --template ${value}`,
  shortFor: { id: 'template' as const, value },
}))

/** The options that take a value, in the order of their prompts. */
export const allValueOptions: readonly (ValueOption & { id: ValueId })[] = valueOptions

/** The options without a value. */
export const allSwitchOptions: readonly (SwitchOption & { id: SwitchId })[] = [
  ...templateSwitches,
  ...switchOptions,
]

/** Returns the option with an ID. */
export function valueOption(id: ValueId): ValueOption & { id: ValueId } {
  const option = allValueOptions.find((candidate) => candidate.id === id)
  if (option === undefined) throw new Error(`There is no option ${id}`)
  return option
}
