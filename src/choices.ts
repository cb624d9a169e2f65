/**
 * What can be chosen, and the layers that each choice brings: templates, package managers, features, ways to get
 * Python. The options of the command line are in options.ts.
 */

import type { Task } from './models/known.ts'
import type { PackageName } from './packages.ts'

export interface Choice {
  value: string
  title: string
  /** One line, shown beside the title in questions and in `--help`. */
  description: string
}

/** A kind of project. */
export interface Template extends Choice {
  /** What models it can run as its own: which of the catalogue are offered for it. */
  modelTasks: readonly Task[]
  /** What `npm start` does, for the README of a project. */
  startDoes: string
  /** `npm start` answers a question that is given to it. */
  takesQuestion: boolean
  /** Folders of templates/. */
  layers: readonly string[]
  /** The packages of this repository that the project depends on. */
  packages: readonly PackageName[]
}

export const templates = [
  {
    value: 'node',
    title: 'Node',
    description: 'a chat in the terminal and a ten-line script to start from',
    modelTasks: ['text', 'vision'],
    startDoes: 'talk to the model',
    takesQuestion: true,
    layers: ['base', 'node'],
    packages: ['mlx-app'],
  },
  {
    value: 'server',
    title: 'Server',
    description: "an HTTP server that OpenAI's and Anthropic's clients talk to, and a chat page",
    modelTasks: ['text', 'vision', 'embeddings'],
    startDoes: 'serve the model, and a page to chat with it',
    takesQuestion: false,
    layers: ['base', 'server'],
    packages: ['mlx-app', 'mlx-app-server'],
  },
] as const satisfies readonly Template[]

/** The template of this id. */
export function templateOf(id: TemplateId): Template {
  const template = templates.find(({ value }) => value === id)
  if (template === undefined) throw new Error(`There is no template ${id}`)
  return template
}

export type TemplateId = (typeof templates)[number]['value']

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** A layer that may come with one template or one package manager alone. */
export interface ConditionalLayer {
  layer: string
  only?: TemplateId | PackageManager
}

/** A folder of templates/, or the folder `+only` in it for the layer that comes with that choice alone. */
const conditionalLayer = (name: string, only?: TemplateId | PackageManager): ConditionalLayer =>
  only === undefined ? { layer: name } : { layer: `${name}/+${only}`, only }

export const packageManagers = [
  { value: 'npm', title: 'npm', description: 'comes with Node', layers: [] },
  { value: 'pnpm', title: 'pnpm', description: '', layers: [conditionalLayer('package-managers/pnpm')] },
  {
    value: 'yarn',
    title: 'Yarn',
    description: '',
    layers: [conditionalLayer('package-managers/yarn'), conditionalLayer('package-managers/yarn', 'server')],
  },
  { value: 'bun', title: 'Bun', description: '', layers: [] },
] as const satisfies readonly (Choice & {
  value: PackageManager
  layers: readonly ConditionalLayer[]
})[]

/** Something that a project can have beside its template. */
export interface Feature extends Choice {
  /** The templates that it exists for. */
  templates: readonly TemplateId[]
  layers: readonly ConditionalLayer[]
  /** As of a template. */
  packages?: readonly PackageName[]
}

const featureLayer = (name: string, only?: TemplateId | PackageManager): ConditionalLayer =>
  conditionalLayer(`features/${name}`, only)

export const features = [
  {
    value: 'ci',
    title: 'Checks on GitHub',
    description: 'lint, types and tests on Linux and macOS for each change, and updates of dependencies',
    templates: ['node', 'server'],
    layers: [
      featureLayer('ci'),
      featureLayer('ci', 'npm'),
      featureLayer('ci', 'pnpm'),
      featureLayer('ci', 'yarn'),
      featureLayer('ci', 'bun'),
    ],
  },
  {
    value: 'docker',
    title: 'Docker',
    description: 'a Dockerfile for MLX on the CPU or on CUDA, and a compose file',
    templates: ['server'],
    layers: [featureLayer('docker', 'server')],
  },
  {
    value: 'python',
    title: 'Python',
    description: 'a uv project in python/ for Python packages and code of your own',
    templates: ['node', 'server'],
    layers: [featureLayer('python')],
    packages: ['wheel'],
  },
] as const satisfies readonly Feature[]

export type FeatureId = (typeof features)[number]['value']

/** The features as plain interfaces, for code that walks over all of them. */
export const allFeatures: readonly (Feature & { value: FeatureId })[] = features

/** The features that a template can have. */
export function featuresOf(template: TemplateId): (Feature & { value: FeatureId })[] {
  return allFeatures.filter((feature) => feature.templates.includes(template))
}

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
  {
    value: 'existing',
    title: 'existing',
    description: 'an interpreter that has mlx-lm, as it is: --python-path or MLX_PYTHON names it',
  },
] as const satisfies readonly Choice[]

export type PythonEnvironment = (typeof pythonEnvironments)[number]['value']

/** Everything that decides the files of a project: the same answers give the same bytes. */
export interface Answers {
  /** npm name of the project. */
  name: string
  template: TemplateId
  /** `hello`, a Hugging Face id, or a path (relative to the project, or absolute). */
  model: string
  /** Commit of the model's repository, present where the catalogue knows one. */
  revision?: string
  packageManager: PackageManager
  /** Holder of the copyright in LICENSE. */
  author: string
  /** In the order of the table; present when there are any. */
  features?: readonly FeatureId[]
  /** Decides no file, only how set-up runs; present when it was asked for. */
  env?: PythonEnvironment
  /** Absolute path of the Python for the set-up; of this machine, so it is in no file of the project. */
  pythonPath?: string
}

/** Narrows a text to a value of a table of choices. */
export function choose<Value extends string>(
  choices: readonly { value: Value }[],
  text: string | undefined,
): Value | undefined {
  return choices.find((choice) => choice.value === text)?.value
}

/** The choices that decide which files a project has. */
type Parts = Pick<Answers, 'template' | 'packageManager' | 'features'>

/** The layers that these answers ask for, in no particular order: composing only adds. */
export function layersFor(answers: Parts): string[] {
  const { template, packageManager } = answers
  const ofManager: readonly ConditionalLayer[] =
    packageManagers.find(({ value }) => value === packageManager)?.layers ?? []
  const chosen = [...ofManager, ...featuresIn(answers).flatMap(({ layers }) => layers)].filter(
    ({ only }) => only === undefined || only === template || only === packageManager,
  )
  return [...templateOf(template).layers, ...chosen.map(({ layer }) => layer)]
}

/** The packages of this repository that a project with these answers depends on. */
export function packagesFor(answers: Parts): PackageName[] {
  const ofFeatures = featuresIn(answers).flatMap(({ packages = [] }) => packages)
  return [...new Set([...templateOf(answers.template).packages, ...ofFeatures])]
}

function featuresIn({ features: added = [] }: Parts): readonly Feature[] {
  return allFeatures.filter(({ value }) => added.includes(value))
}

/** Every layer that a choice names, each once. */
export function allLayers(): string[] {
  const conditional: readonly { layers: readonly ConditionalLayer[] }[] = [...packageManagers, ...allFeatures]
  const names = conditional.flatMap(({ layers }) => layers.map(({ layer }) => layer))
  return [...new Set([...templates.flatMap(({ layers }) => layers), ...names])]
}
