import { formatBytes } from '../../packages/engine/src/setup/terminal/format.ts'
import { type TemplateId, templateOf } from '../choices.ts'
import { canRunMlx, type Machine } from '../machine/machine.ts'
import type { RatedModel, Task } from '../models/catalogue.ts'
import { isHuggingFaceId, locateModel, looksLikeModel, unknownModel } from '../models/identify.ts'
import type { Prompter, SelectChoice } from '../terminal/prompter.ts'
import { type Resolver, resolveOption } from './resolver.ts'

export interface ResolvedModel {
  /** The model as the project names it. */
  model: string
  /** Its entry in the catalogue, if it has one. */
  known?: RatedModel
}

/** The choice of a model that is not in the list. */
const otherModel = 'other'

/**
 * Resolves the model. The catalogue loads only when it is needed.
 *
 * @throws UsageError for what can't be a model; InterruptedError on Ctrl-C.
 */
export async function resolveModel(
  resolver: Resolver,
  template: TemplateId,
  workingDirectory: string,
): Promise<ResolvedModel> {
  const { machine } = resolver.defaultContext
  const value = await resolveOption(resolver, 'model', { template }, (prompter, question, initial) =>
    askModel(prompter, question, initial, template, machine),
  )
  if (value === undefined) throw new Error('The option model has no default')
  if (!isHuggingFaceId(value)) return { model: await locateModel(value, workingDirectory) }
  const { findModel, fitOf } = await import('../models/catalogue.ts')
  const known = findModel(value)
  return { model: value, ...(known === undefined ? {} : { known: { ...known, fit: fitOf(known, machine) } }) }
}

async function askModel(
  prompter: Prompter,
  question: string,
  initial: string,
  template: TemplateId,
  machine: Machine,
): Promise<string> {
  const { catalogue, largestOnCpuBytes, nearestModel, sizeAndFit } = await import('../models/catalogue.ts')
  const { modelTasks } = templateOf(template)
  const choices: SelectChoice[] = catalogue
    .filter(({ task }) => modelTasks.includes(task))
    .map((model) => ({
      value: model.id,
      title: `${model.id} (${sizeAndFit(model, machine)})`,
      description: `${taskPrefixes[model.task]}${model.description}; ${model.licence}`,
    }))
  const other = {
    value: otherModel,
    title: 'Other',
    description: 'a Hugging Face ID (owner/name) or a path',
  }
  const chosen = await prompter.select(
    `${question} ${explainDefault(machine, largestOnCpuBytes)}`,
    [...choices, other],
    initial,
  )
  if (chosen !== otherModel) return chosen
  return prompter.text('Hugging Face ID or path:', '', (answer) =>
    looksLikeModel(answer) ? undefined : unknownModel(answer, nearestModel(answer)).message,
  )
}

/** What the description of a model that is not for text begins with. */
const taskPrefixes: Readonly<Record<Task, string>> = {
  text: '',
  vision: 'for images: ',
  embeddings: 'for search, generates no text: ',
}

/** Returns how the default was chosen, which is the entry under the cursor. */
function explainDefault(machine: Machine, largestOnCpuBytes: number): string {
  if (!canRunMlx(machine)) return '(MLX does not run on this machine)'
  return machine.platform === 'linux'
    ? `(default: the largest that fits, up to ${formatBytes(largestOnCpuBytes)} on a CPU)`
    : '(default: the largest that fits this machine)'
}
