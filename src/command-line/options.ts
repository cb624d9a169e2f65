/**
 * The registry of options. Flags, `--help`, questions, validation, what is recorded in a project and the
 * command that makes it again all come from the tables in this file and in choices.ts.
 */

import {
  type Choice,
  features,
  packageManagers,
  pythonEnvironments,
  type TemplateId,
  templates,
} from '../choices.ts'

interface OptionBase {
  id: string
  flag: `--${string}`
  short?: `-${string}`
  /** One line for `--help`. */
  help: string
}

/** An option that takes a value. */
export interface ValueOption extends OptionBase {
  kind: 'value'
  /** How `--help` names the value. */
  placeholder: string
  /** The allowed values; free text when there are none. */
  choices?: readonly Choice[]
  /** What is taken when neither flag nor question says otherwise, in words. */
  fallback: string
  /** npm turns flags in front of `--` into npm_config_*: true where the value may be taken from there. */
  recoverableFromNpm: boolean
  /** Missing where it is not given and nobody can be asked. */
  asked: boolean
  /** Takes several values: given more than once, or with commas. */
  many?: boolean
}

/** An option that is there or not. */
export interface SwitchOption extends OptionBase {
  kind: 'switch'
  /** npm has a flag of this name itself: `existsInNpm` must never be read as ours. */
  existsInNpm?: boolean
  /** The value of another option that it is short for. */
  shortFor?: { id: ValueId; value: string }
}

export const valueOptions = [
  {
    kind: 'value',
    id: 'template',
    flag: '--template',
    short: '-t',
    placeholder: 'T',
    help: 'what to make',
    choices: templates,
    fallback: 'node',
    recoverableFromNpm: true,
    asked: false,
  },
  {
    kind: 'value',
    id: 'model',
    flag: '--model',
    short: '-m',
    placeholder: 'M',
    help: 'hello (tiny, comes with mlx-app), a Hugging Face id, or a path; --list shows a catalogue with sizes',
    fallback: 'the largest text model of the catalogue that fits this machine; on Linux up to 2.5 GB',
    recoverableFromNpm: true,
    asked: true,
  },
  {
    kind: 'value',
    id: 'with',
    flag: '--with',
    placeholder: 'F,F',
    help: 'what the project has beside the template; several with commas, or given more than once',
    choices: features,
    fallback: 'none of them',
    recoverableFromNpm: false,
    asked: false,
    many: true,
  },
  {
    kind: 'value',
    id: 'env',
    flag: '--env',
    placeholder: 'E',
    help: 'how the Python environment is made',
    choices: pythonEnvironments,
    fallback: 'uv where it can be had, else pip',
    recoverableFromNpm: true,
    asked: false,
  },
  {
    kind: 'value',
    id: 'python-path',
    flag: '--python-path',
    placeholder: 'P',
    help: 'a Python for the set-up: used as it is, or with --env uv or pip the one to build from',
    fallback: 'one that the set-up finds or fetches',
    recoverableFromNpm: false,
    asked: false,
  },
  {
    kind: 'value',
    id: 'package-manager',
    flag: '--package-manager',
    placeholder: 'P',
    help: 'which package manager installs and runs the project',
    choices: packageManagers,
    fallback: 'the one that runs this command; where that is not known, one on the PATH',
    recoverableFromNpm: false,
    asked: false,
  },
  {
    kind: 'value',
    id: 'name',
    flag: '--name',
    placeholder: 'N',
    help: 'npm name of the project',
    fallback: 'made from the name of the folder',
    recoverableFromNpm: false,
    asked: false,
  },
  {
    kind: 'value',
    id: 'author',
    flag: '--author',
    placeholder: 'A',
    help: 'holder of the copyright in LICENSE',
    fallback: 'git config user.name, else the name of the project and "authors"',
    recoverableFromNpm: false,
    asked: false,
  },
] as const satisfies readonly ValueOption[]

export const switchOptions = [
  {
    kind: 'switch',
    id: 'yes',
    flag: '--yes',
    short: '-y',
    help: 'ask nothing, take the defaults',
    existsInNpm: true,
  },
  {
    kind: 'switch',
    id: 'no-install',
    flag: '--no-install',
    help: 'only write files: no install, no Python set-up',
  },
  { kind: 'switch', id: 'no-git', flag: '--no-git', help: 'no git repository' },
  {
    kind: 'switch',
    id: 'force',
    flag: '--force',
    help: 'write into a folder that is not empty; says what it overwrites',
    existsInNpm: true,
  },
  { kind: 'switch', id: 'dry-run', flag: '--dry-run', help: 'list what would be written, write nothing' },
  {
    kind: 'switch',
    id: 'json',
    flag: '--json',
    help: 'one JSON result on stdout, everything else on stderr',
  },
  {
    kind: 'switch',
    id: 'list',
    flag: '--list',
    help: 'list templates, features and models (with --json for a program)',
  },
  { kind: 'switch', id: 'help', flag: '--help', short: '-h', help: 'this text', existsInNpm: true },
  { kind: 'switch', id: 'version', flag: '--version', short: '-v', help: 'the version', existsInNpm: true },
] as const satisfies readonly SwitchOption[]

export type ValueId = (typeof valueOptions)[number]['id']
export type SwitchId = (typeof switchOptions)[number]['id'] | TemplateId

/** `--node` for `--template node`, and so on. */
const templateSwitches = templates.map(({ value }) => ({
  kind: 'switch' as const,
  id: value,
  flag: `--${value}` as const,
  help: `short for --template ${value}`,
  shortFor: { id: 'template' as const, value },
}))

/** The options as plain interfaces, for code that walks over all of them. */
export const allValueOptions: readonly (ValueOption & { id: ValueId })[] = valueOptions
export const allSwitchOptions: readonly (SwitchOption & { id: SwitchId })[] = [
  ...templateSwitches,
  ...switchOptions,
]
