import { type TemplateId, templateOf } from '../choices.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { canRunMlx, type Machine } from '../machine/machine.ts'
import type { CatalogueModel, Task } from '../models/catalogue.ts'
import { formatBytes } from '../models/format-bytes.ts'
import { isHuggingFaceId, locateModel, looksLikeModel, unknownModel } from '../models/identify.ts'
import type { Prompter, SelectChoice } from '../terminal/prompter.ts'

export interface ModelDecision {
  /** As the project names it. */
  model: string
  /** The model of the catalogue, where it is one. */
  known?: CatalogueModel
  /** True when nobody chose it. */
  byDefault: boolean
}

/** Placeholder of the model question for an id or path that is not in the list. */
const otherModel = 'other'

/**
 * Settles the model: from the flag, from the user, or the one that suits this machine. The catalogue is loaded only where
 * it is needed.
 *
 * @throws UsageError for what can't be a model; InterruptedError on Ctrl-C.
 */
export async function resolveModel(
  given: Arguments,
  template: TemplateId,
  { workingDirectory, machine }: { workingDirectory: string; machine: Machine },
  prompter: Prompter | undefined,
): Promise<ModelDecision> {
  const flag = given.values.get('model')
  const asked = flag ?? (prompter === undefined ? undefined : await askModel(prompter, template, machine))
  if (asked !== undefined && !isHuggingFaceId(asked)) {
    return { model: await locateModel(asked, workingDirectory), byDefault: false }
  }
  const { defaultModel, findModel } = await import('../models/catalogue.ts')
  const model = asked ?? defaultModel(machine).id
  const known = findModel(model)
  return { model, byDefault: asked === undefined, ...(known === undefined ? {} : { known }) }
}

async function askModel(prompter: Prompter, template: TemplateId, machine: Machine): Promise<string> {
  const { catalogue, defaultModel, largestOnCpuBytes, nearestModel, sizeAndFit } = await import(
    '../models/catalogue.ts'
  )
  const { modelTasks } = templateOf(template)
  const choices: SelectChoice[] = catalogue
    .filter(({ task }) => modelTasks.includes(task))
    .map((model) => ({
      value: model.id,
      title: `${model.id} (${sizeAndFit(model, machine)})`,
      description: `${aboutTask[model.task]}${model.description}; ${model.licence}`,
    }))
  const other = {
    value: otherModel,
    title: 'another one',
    description: 'a Hugging Face id (owner/name) or a path',
  }
  const chosen = await prompter.select(
    question(machine, largestOnCpuBytes),
    [...choices, other],
    defaultModel(machine).id,
  )
  if (chosen !== otherModel) return chosen
  return prompter.text('Hugging Face id or path:', '', (answer) =>
    looksLikeModel(answer) ? undefined : unknownModel(answer, nearestModel(answer)).message,
  )
}

/** What a list says first of models that are not for text. */
const aboutTask: Readonly<Record<Task, string>> = {
  text: '',
  vision: 'for images: ',
  embeddings: 'for search, writes no text: ',
}

/** Says how the one under the cursor was chosen. */
function question(machine: Machine, largestOnCpuBytes: number): string {
  if (!canRunMlx(machine)) return 'Model: (MLX does not run on this machine)'
  return machine.platform === 'linux'
    ? `Model: (proposed is the largest that fits, up to ${formatBytes(largestOnCpuBytes)} on a CPU)`
    : 'Model: (proposed is the largest that fits this machine)'
}
