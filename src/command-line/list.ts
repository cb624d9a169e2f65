import { formatBytes } from '../../packages/engine/src/setup/terminal/format.ts'
import { allFeatures, featuresOf, templates } from '../choices.ts'
import type { Machine } from '../machine/machine.ts'
import type { CatalogueModel, Task } from '../models/catalogue.ts'

/** Returns the templates, features and models, for --list --json. */
export async function listJson(machine: Machine): Promise<object> {
  const { catalogue, defaultModel, fitOf } = await import('../models/catalogue.ts')
  return {
    templates: templates.map(({ value, title, description, modelTasks }) => ({
      id: value,
      title,
      description,
      features: featuresOf(value).map((feature) => feature.value),
      modelTasks,
    })),
    features: allFeatures.map(({ value, title, description, templates: supported }) => ({
      id: value,
      title,
      description,
      templates: supported,
    })),
    models: catalogue.map((model) => ({ ...model, fit: fitOf(model, machine) })),
    defaultModel: defaultModel(machine).id,
  }
}

const taskHeadings: readonly [Task, string][] = [
  ['text', 'Text models'],
  ['vision', 'Vision models'],
  ['embeddings', 'Embedding models'],
]

/** Returns the text of --list. */
export async function listText(machine: Machine): Promise<string> {
  const { catalogue, defaultModel, sizeAndFit } = await import('../models/catalogue.ts')
  const defaultId = defaultModel(machine).id
  const lines = (model: CatalogueModel): string[] => [
    `  ${model.id} (${sizeAndFit(model, machine)})${model.id === defaultId ? ' [default]' : ''}`,
    `      ${model.description}; ${model.licence}${formatRevision(model)}`,
  ]
  return [
    'Templates:',
    ...templates.map((template) => `  ${template.value}: ${template.description}`),
    '',
    'Features (--with):',
    ...allFeatures.map(
      ({ value, description, templates: supported }) =>
        `  ${value}: ${description} (${supported.join(', ')})`,
    ),
    ...taskHeadings.flatMap(([task, heading]) => [
      '',
      `${heading}:`,
      ...catalogue.filter((model) => model.task === task).flatMap(lines),
    ]),
    '',
    `Whether a model fits is based on this machine's ${formatBytes(machine.memoryBytes)} of memory.`,
    'A tight model fits as long as little else is running.',
    'You can also use any other Hugging Face ID, or a path.',
  ].join('\n')
}

/** Returns the first digits of the commit, as the hub's pages show it. */
function formatRevision({ id, revision }: CatalogueModel): string {
  if (revision !== undefined) return `; revision ${revision.slice(0, 8)}`
  return id === 'hello' ? '' : '; branch main'
}
