import { allFeatures, featuresOf, templates } from '../choices.ts'
import type { Machine } from '../machine/machine.ts'
import type { CatalogueModel, Task } from '../models/catalogue.ts'
import { formatBytes } from '../models/format-bytes.ts'

/** What --list gives a program. */
export async function listJson(machine: Machine): Promise<object> {
  const { catalogue, defaultModel, fits } = await import('../models/catalogue.ts')
  return {
    templates: templates.map(({ value, title, description, modelTasks }) => ({
      id: value,
      title,
      description,
      features: featuresOf(value).map((feature) => feature.value),
      modelTasks,
    })),
    features: allFeatures.map(({ value, title, description, templates: of }) => ({
      id: value,
      title,
      description,
      templates: of,
    })),
    models: catalogue.map((model) => ({ ...model, fits: fits(model, machine) })),
    defaultModel: defaultModel(machine).id,
  }
}

const titles: readonly [Task, string][] = [
  ['text', 'Models for text'],
  ['vision', 'Models for images and text'],
  ['embeddings', 'Models for embeddings'],
]

/** The text of --list. */
export async function listText(machine: Machine): Promise<string> {
  const { catalogue, defaultModel, sizeAndFit } = await import('../models/catalogue.ts')
  const chosen = defaultModel(machine).id
  const lines = (model: CatalogueModel): string[] => [
    `  ${model.id} (${sizeAndFit(model, machine)})${model.id === chosen ? ' [default here]' : ''}`,
    `      ${model.description}; ${model.licence}${revisionOf(model)}`,
  ]
  return [
    'Templates:',
    ...templates.map((template) => `  ${template.value}: ${template.description}`),
    'Features (--with):',
    ...allFeatures.map(
      ({ value, description, templates: of }) => `  ${value}: ${description} (${of.join(', ')})`,
    ),
    ...titles.flatMap(([task, title]) => [
      `${title}:`,
      ...catalogue.filter((model) => model.task === task).flatMap(lines),
    ]),
    `Whether a model fits is said of ${formatBytes(machine.memoryBytes)} of memory. Any other Hugging Face id or path can be given.`,
  ].join('\n')
}

/** The first digits of the commit, as pages of the hub show it. */
function revisionOf({ id, revision }: CatalogueModel): string {
  if (revision !== undefined) return `; revision ${revision.slice(0, 8)}`
  return id === 'hello' ? '' : '; branch main'
}
