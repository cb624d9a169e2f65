/**
 * The choices: templates, package managers, features and Python environments, each with the layers that it adds to a
 * project. The options of the command line are in command-line/options.ts.
 */

import type { Task } from './models/known.ts'
import type { PackageName } from './packages.ts'

export interface Choice {
  value: string
  title: string
  /** One line for prompts, `--help` and `--list`. */
  description: string
}

/** The languages of projects. A TypeScript project has a package.json, and a Python project a pyproject.toml. */
export type Language = 'typescript' | 'python'

/** A kind of project. */
export interface Template extends Choice {
  language: Language
  /** The tasks of the models that it can run, and that the prompt offers. */
  modelTasks: readonly Task[]
  /** What the start command does, for the project's README. */
  startDoes: string
  /** Whether the start command answers a question that is passed to it. */
  takesQuestion: boolean
  /** Folders in templates/. */
  layers: readonly string[]
  /** The packages of this repository that the project depends on. */
  packages: readonly PackageName[]
  /** The oldest Node that the project supports, if it is newer than that of this tool: major and minor version. */
  oldestNode?: `${number}.${number}`
}

export const templates = [
  {
    value: 'node',
    title: 'Node',
    description: 'a terminal chat, and a ten-line script to start from',
    language: 'typescript',
    modelTasks: ['text', 'vision'],
    startDoes: 'talk to the model',
    takesQuestion: true,
    layers: ['base', 'typescript', 'program', 'node'],
    packages: ['mlx-app'],
  },
  {
    value: 'server',
    title: 'Server',
    description: 'an HTTP server for OpenAI and Anthropic clients, with a chat page',
    language: 'typescript',
    modelTasks: ['text', 'vision', 'embeddings'],
    startDoes: 'serve the model, and a page to chat with it',
    takesQuestion: false,
    layers: ['base', 'typescript', 'program', 'server'],
    packages: ['mlx-app', 'mlx-app-server'],
  },
  {
    value: 'desktop',
    title: 'Desktop',
    description: 'an Electron app to chat in, which ships with its own Python and MLX',
    language: 'typescript',
    modelTasks: ['text', 'vision'],
    startDoes: 'build the app and open its window',
    takesQuestion: false,
    layers: ['base', 'typescript', 'desktop'],
    packages: ['mlx-app', 'mlx-app-server'],
    oldestNode: '22.12',
  },
  {
    value: 'python',
    title: 'Python',
    description: 'a Python package for PyPI, with a command line and a server, without Node',
    language: 'python',
    modelTasks: ['text', 'vision'],
    startDoes: 'ask the model',
    takesQuestion: true,
    layers: ['base', 'python'],
    packages: ['wheel'],
  },
] as const satisfies readonly Template[]

/** Returns the template with an ID. */
export function templateOf(id: TemplateId): Template {
  const template = templates.find(({ value }) => value === id)
  if (template === undefined) throw new Error(`There is no template ${id}`)
  return template
}

/** Returns the language of a template's projects. */
export function languageOf(id: TemplateId): Language {
  return templateOf(id).language
}

export type TemplateId = (typeof templates)[number]['value']

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** What a layer can be limited to: the templates with another layer, which may be their own, or a package manager. */
type Condition = (typeof templates)[number]['layers'][number] | PackageManager

/** A layer that may be limited to one condition. */
export interface ConditionalLayer {
  layer: string
  only?: Condition
}

/** Returns a folder in templates/, or the folder `+only` in it for the layer that is limited to that condition. */
const conditionalLayer = (name: string, only?: Condition): ConditionalLayer =>
  only === undefined ? { layer: name } : { layer: `${name}/+${only}`, only }

export const packageManagers = [
  {
    value: 'npm',
    title: 'npm',
    description: 'comes with Node',
    layers: [
      conditionalLayer('package-managers/npm'),
      conditionalLayer('package-managers/npm', 'program'),
      conditionalLayer('package-managers/npm', 'desktop'),
    ],
  },
  { value: 'pnpm', title: 'pnpm', description: '', layers: [conditionalLayer('package-managers/pnpm')] },
  {
    value: 'yarn',
    title: 'Yarn',
    description: '',
    layers: [
      conditionalLayer('package-managers/yarn'),
      conditionalLayer('package-managers/yarn', 'program'),
      conditionalLayer('package-managers/yarn', 'server'),
      conditionalLayer('package-managers/yarn', 'desktop'),
    ],
  },
  { value: 'bun', title: 'Bun', description: '', layers: [conditionalLayer('package-managers/bun')] },
] as const satisfies readonly (Choice & {
  value: PackageManager
  layers: readonly ConditionalLayer[]
})[]

/** A feature that can be added to a template. */
export interface Feature extends Choice {
  /** The templates that support it. */
  templates: readonly TemplateId[]
  layers: readonly ConditionalLayer[]
  /** The packages of this repository that it depends on. */
  packages?: readonly PackageName[]
  /** Whether it only works at the root of a repository. */
  ofRepository?: true
}

const featureLayer = (name: string, only?: Condition): ConditionalLayer =>
  conditionalLayer(`features/${name}`, only)

export const features = [
  {
    value: 'ci',
    title: 'GitHub Actions',
    description: 'lint, type checks and tests on Linux and macOS for every change, and dependency updates',
    templates: ['node', 'server', 'desktop', 'python'],
    ofRepository: true,
    layers: [
      featureLayer('ci', 'typescript'),
      featureLayer('ci', 'program'),
      featureLayer('ci', 'desktop'),
      featureLayer('ci', 'python'),
      featureLayer('ci', 'npm'),
      featureLayer('ci', 'pnpm'),
      featureLayer('ci', 'yarn'),
      featureLayer('ci', 'bun'),
    ],
  },
  {
    value: 'docker',
    title: 'Docker',
    description: 'a Dockerfile for MLX on CPU or CUDA, and a compose file',
    templates: ['server', 'python'],
    ofRepository: true,
    layers: [featureLayer('docker', 'server'), featureLayer('docker', 'python')],
  },
  {
    value: 'python',
    title: 'Python',
    description: 'a uv project in python/ for your own Python code and packages',
    templates: ['node', 'server'],
    layers: [featureLayer('python')],
    packages: ['wheel'],
  },
  {
    value: 'homebrew',
    title: 'Homebrew',
    description: 'a script that writes a Homebrew formula from the lock',
    templates: ['python'],
    layers: [featureLayer('homebrew')],
  },
  {
    value: 'projen',
    title: 'projen',
    description: 'dependencies and tasks in .projenrc.py; needs Node to change them',
    templates: ['python'],
    layers: [featureLayer('projen')],
  },
] as const satisfies readonly Feature[]

export type FeatureId = (typeof features)[number]['value']

/** The features as plain interfaces, for code that iterates over all of them. */
export const allFeatures: readonly (Feature & { value: FeatureId })[] = features

/**
 * Returns the features that a template supports. Checks and images are those of a whole repository, so a member of a
 * monorepo has none of its own.
 */
export function featuresOf(
  template: TemplateId,
  monorepo?: MonorepoRole,
): (Feature & { value: FeatureId })[] {
  return allFeatures.filter(
    (feature) =>
      feature.templates.includes(template) && !(feature.ofRepository === true && monorepo === 'member'),
  )
}

/** Ways to set up the Python environment that runs MLX. */
export const pythonEnvironments = [
  {
    value: 'uv',
    title: 'uv',
    description: 'fast, and brings its own Python; installed with pip if it is missing',
  },
  {
    value: 'pip',
    title: 'pip',
    description: 'a virtual environment with your Python 3.11 or newer',
  },
  {
    value: 'existing',
    title: 'existing',
    description:
      'an interpreter that already has mlx-lm, named by --python-path or MLX_PYTHON; not for --template python',
  },
] as const satisfies readonly Choice[]

export type PythonEnvironment = (typeof pythonEnvironments)[number]['value']

/** What a project can be in a monorepo, a repository whose root installs several packages. */
export const monorepoRoles = [
  { value: 'member', title: 'Member', description: 'installed and locked by the root' },
  { value: 'standalone', title: 'Standalone', description: 'with its own lock file and settings' },
] as const satisfies readonly Choice[]

export type MonorepoRole = (typeof monorepoRoles)[number]['value']

/** The answers that decide the files of a project. The same answers give the same bytes. */
export interface Answers {
  /** The name of the project on npm or, for a Python project, on PyPI. */
  name: string
  template: TemplateId
  /** `hello`, a Hugging Face ID, or a path (relative to the project, or absolute). */
  model: string
  /** The commit of the model's repository, if the catalogue knows one. */
  revision?: string
  /** The package manager of a TypeScript project; undefined for a Python project. */
  packageManager?: PackageManager
  /** The copyright holder in LICENSE. */
  author: string
  /** The features in the order of their table; undefined if there are none. */
  features?: readonly FeatureId[]
  /** What the project is in the monorepo that it is in; undefined if it is in none and no role was chosen. */
  monorepo?: MonorepoRole
  /** Where a member's packages are, if they are not in its own node_modules: `../../node_modules`. */
  packagesFolder?: string
  /** Whether Biome has a configuration in a folder above, which refuses other root configurations below it. */
  belowBiome?: true
  /** How the setup runs, if it was chosen. It decides no file. */
  env?: PythonEnvironment
  /** Absolute path of the interpreter for the setup. It belongs to this machine, so no file of the project has it. */
  pythonPath?: string
}

/** Returns a text as a value of a table of choices; undefined if it is none of them. */
export function choose<Value extends string>(
  choices: readonly { value: Value }[],
  text: string | undefined,
): Value | undefined {
  return choices.find((choice) => choice.value === text)?.value
}

/** Returns a text as a value of a table of choices. @throws Error if it is none of them. */
export function requireChoice<Value extends string>(
  choices: readonly { value: Value }[],
  text: string | undefined,
): Value {
  const value = choose(choices, text)
  if (value === undefined) throw new Error(`${text} is not one of ${choices.map((choice) => choice.value)}`)
  return value
}

/** The answers that decide which files a project has. */
type Parts = Pick<Answers, 'template' | 'packageManager' | 'features' | 'monorepo'>

/**
 * Returns the layers of a project with these answers. Their order does not matter, because layers only add. The settings of
 * a package manager belong to the root of a monorepo, so a member has none.
 */
export function layersFor(answers: Parts): string[] {
  const { template, packageManager, monorepo } = answers
  const ofManager: readonly ConditionalLayer[] =
    monorepo === 'member' ? [] : (packageManagers.find(({ value }) => value === packageManager)?.layers ?? [])
  const chosen = [...ofManager, ...featuresIn(answers).flatMap(({ layers }) => layers)].filter(
    ({ only }) => only === undefined || [...templateOf(template).layers, packageManager].includes(only),
  )
  return [...templateOf(template).layers, ...chosen.map(({ layer }) => layer)]
}

/** Returns the packages of this repository that a project with these answers depends on. */
export function packagesFor(answers: Parts): PackageName[] {
  const ofFeatures = featuresIn(answers).flatMap(({ packages = [] }) => packages)
  return [...new Set([...templateOf(answers.template).packages, ...ofFeatures])]
}

function featuresIn({ features: added = [] }: Parts): readonly Feature[] {
  return allFeatures.filter(({ value }) => added.includes(value))
}

/** Returns every layer that a choice names, once each. */
export function allLayers(): string[] {
  const conditional: readonly { layers: readonly ConditionalLayer[] }[] = [...packageManagers, ...allFeatures]
  const names = conditional.flatMap(({ layers }) => layers.map(({ layer }) => layer))
  return [...new Set([...templates.flatMap(({ layers }) => layers), ...names])]
}
