/**
 * What can be chosen, and the layers that each choice brings: templates, package managers, features, ways to get
 * Python. The options of the command line are in options.ts.
 */

import type { Task } from './models/known.ts'

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

/** What every template of TypeScript stands on. */
const foundation = [
  layer('base'),
  layer('engine'),
  layer('setup'),
  layer('hello'),
  layer('python', 'python'),
] as const

/** A kind of project. */
export interface Template extends Choice {
  /** What models it can run as its own: which of the catalogue are offered for it. */
  modelTasks: readonly Task[]
  /** What `npm start` does, for the README of a project. */
  startDoes: string
  /** `npm start` answers a question that is given to it. */
  takesQuestion: boolean
  layers: readonly LayerUse[]
}

export const templates = [
  {
    value: 'node',
    title: 'Node',
    description: 'a chat in the terminal and a ten-line script to start from',
    modelTasks: ['text', 'vision'],
    startDoes: 'talk to the model',
    takesQuestion: true,
    layers: [...foundation, layer('bundle'), layer('variants/node')],
  },
  {
    value: 'server',
    title: 'Server',
    description: "an HTTP server that OpenAI's and Anthropic's clients talk to, and a chat page",
    modelTasks: ['text', 'vision', 'embeddings'],
    startDoes: 'serve the model, and a page to chat with it',
    takesQuestion: false,
    layers: [
      ...foundation,
      layer('bundle'),
      layer('chat'),
      layer('api-cases', 'test/api'),
      layer('variants/server'),
    ],
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
export interface ConditionalLayer extends LayerUse {
  only?: TemplateId | PackageManager
}

/** A folder of templates/, or the folder `+only` in it for the layer that comes with that choice alone. */
const conditionalLayer = (name: string, only?: TemplateId | PackageManager): ConditionalLayer =>
  only === undefined ? layer(name) : { ...layer(`${name}/+${only}`), only }

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

/** The layers that these answers ask for, in no particular order: composing only adds. */
export function layersFor(answers: Pick<Answers, 'template' | 'packageManager' | 'features'>): LayerUse[] {
  const { template, packageManager, features: added = [] } = answers
  const chosen: { layers: readonly ConditionalLayer[] }[] = [
    templateOf(template),
    ...packageManagers.filter(({ value }) => value === packageManager),
    ...allFeatures.filter(({ value }) => added.includes(value)),
  ]
  return chosen
    .flatMap(({ layers }) => layers)
    .filter(({ only }) => only === undefined || only === template || only === packageManager)
}

/** Every layer that a choice names, each once. */
export function allLayers(): string[] {
  const choices: readonly { layers: readonly LayerUse[] }[] = [...templates, ...packageManagers, ...features]
  return [...new Set(choices.flatMap(({ layers }) => layers.map((use) => use.layer)))]
}
