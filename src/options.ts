/**
 * The registry of options. Flags, `--help`, questions, validation, what is recorded in a project and the
 * command that makes it again all come from the tables in this file.
 */

/** A layer of templates/, and the folder of the project that it is put in ('' = the root). */
export interface LayerUse {
  layer: string
  at: string
}

export interface Choice {
  value: string
  title: string
  /** One line, shown beside the title in questions and in `--help`. */
  description: string
}

const layer = (name: string, at = ''): LayerUse => ({ layer: name, at })

export const templates = [
  {
    value: 'node',
    title: 'Node',
    description: 'a chat in the terminal and a ten-line script to start from',
    layers: [
      layer('base'),
      layer('engine'),
      layer('setup'),
      layer('hello'),
      layer('python', 'python'),
      layer('variants/node'),
    ],
  },
] as const satisfies readonly (Choice & { layers: readonly LayerUse[] })[]

export type TemplateId = (typeof templates)[number]['value']

export const packageManagers = [
  { value: 'npm', title: 'npm', description: 'comes with Node', layers: [] },
  { value: 'pnpm', title: 'pnpm', description: '', layers: [layer('package-managers/pnpm')] },
  { value: 'yarn', title: 'Yarn', description: '', layers: [layer('package-managers/yarn')] },
  { value: 'bun', title: 'Bun', description: '', layers: [] },
] as const satisfies readonly (Choice & { layers: readonly LayerUse[] })[]

export type PackageManager = (typeof packageManagers)[number]['value']

/** Ways to get the Python environment that runs MLX. */
export const pythonEnvironments = [
  {
    value: 'uv',
    title: 'uv',
    description: 'uv, fetched through pip where it is missing; brings its own Python',
  },
  {
    value: 'pip',
    title: 'pip',
    description: 'a virtual environment made by your Python >= 3.11, filled by pip',
  },
  { value: 'existing', title: 'existing', description: 'the interpreter that MLX_PYTHON names, as it is' },
] as const satisfies readonly Choice[]

export type PythonEnvironment = (typeof pythonEnvironments)[number]['value']

/** Everything that decides the files of a project: the same answers give the same bytes. */
export interface Answers {
  /** npm name of the project. */
  name: string
  template: TemplateId
  /** `hello`, a Hugging Face id, or a path (relative to the project, or absolute). */
  model: string
  packageManager: PackageManager
  /** Holder of the copyright in LICENSE. */
  author: string
  /** Decides no file, only how set-up runs; present when it was asked for. */
  env?: PythonEnvironment
}

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
  fromNpm: boolean
  /** Asked on a terminal, so missing where there is none. */
  asked: boolean
}

/** An option that is there or not. */
export interface SwitchOption extends OptionBase {
  kind: 'switch'
  /** npm has a flag of this name itself: `npmKnows` must never be read as ours. */
  npmKnows?: boolean
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
    fromNpm: true,
    asked: templates.length > 1,
  },
  {
    kind: 'value',
    id: 'model',
    flag: '--model',
    short: '-m',
    placeholder: 'M',
    help: 'hello (tiny, comes with the project), a Hugging Face id, or a path',
    fallback: 'the largest of the catalogue that fits this machine well',
    fromNpm: true,
    asked: true,
  },
  {
    kind: 'value',
    id: 'env',
    flag: '--env',
    placeholder: 'E',
    help: 'how the Python environment is made',
    choices: pythonEnvironments,
    fallback: 'uv where it can be had, else pip',
    fromNpm: true,
    asked: false,
  },
  {
    kind: 'value',
    id: 'package-manager',
    flag: '--package-manager',
    placeholder: 'P',
    help: 'which package manager installs and runs the project',
    choices: packageManagers,
    fallback: 'the one that runs this command',
    fromNpm: false,
    asked: false,
  },
  {
    kind: 'value',
    id: 'name',
    flag: '--name',
    placeholder: 'N',
    help: 'npm name of the project',
    fallback: 'made from the name of the folder',
    fromNpm: false,
    asked: false,
  },
  {
    kind: 'value',
    id: 'author',
    flag: '--author',
    placeholder: 'A',
    help: 'holder of the copyright in LICENSE',
    fallback: 'git config user.name, else the name of the project and "authors"',
    fromNpm: false,
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
    npmKnows: true,
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
    npmKnows: true,
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
    help: 'list templates and models (with --json for a program)',
  },
  { kind: 'switch', id: 'help', flag: '--help', short: '-h', help: 'this text', npmKnows: true },
  { kind: 'switch', id: 'version', flag: '--version', short: '-v', help: 'the version', npmKnows: true },
] as const satisfies readonly SwitchOption[]

export type ValueId = (typeof valueOptions)[number]['id']
export type SwitchId = (typeof switchOptions)[number]['id']

/** The options as plain interfaces, for code that walks over all of them. */
export const allValueOptions: readonly (ValueOption & { id: ValueId })[] = valueOptions
export const allSwitchOptions: readonly (SwitchOption & { id: SwitchId })[] = switchOptions

/** Narrows a text to a value of a table of choices. */
export function choose<Value extends string>(
  choices: readonly { value: Value }[],
  text: string | undefined,
): Value | undefined {
  return choices.find((choice) => choice.value === text)?.value
}

/** The layers that these answers ask for, in no particular order: composing only adds. */
export function layersFor(answers: Pick<Answers, 'template' | 'packageManager'>): LayerUse[] {
  const chosen = [
    templates.find((template) => template.value === answers.template),
    packageManagers.find((manager) => manager.value === answers.packageManager),
  ]
  return chosen.flatMap((choice) => [...(choice?.layers ?? [])])
}
