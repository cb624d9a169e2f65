import type { Arguments } from '../arguments.ts'
import { valuesOf } from '../arguments.ts'
import {
  type Answers,
  choose,
  type PythonEnvironment,
  packageManagers,
  pythonEnvironments,
  type TemplateId,
  templates,
} from '../choices.ts'
import { InterruptedError, UsageError } from '../errors.ts'
import { catalogue, checkModel, defaultModel, describeModel, locateModel } from '../models.ts'
import { problemOfName } from '../names.ts'
import { allValueOptions } from '../options.ts'
import type { Asker } from '../system/asker.ts'
import type { Machine } from '../system/machine.ts'
import { invokingPackageManager } from '../system/package-manager.ts'
import { settleFeatures } from './features.ts'
import { refuseOccupied, resolveTarget, type Target } from './target.ts'

export interface Surroundings {
  environment: NodeJS.ProcessEnv
  workingDirectory: string
  machine: Machine
  /** Gives the way to ask, or undefined where nobody can be asked. */
  asker: () => Promise<Asker | undefined>
  /** True where defaults are taken without asking: --yes, CI, a coding agent. */
  takeDefaults: boolean
  /** Ways to get Python that there is a choice between on this machine; the first is the default. */
  pythonChoices: () => readonly PythonEnvironment[]
  /** The name that git knows the user by. */
  userName: () => Promise<string | undefined>
}

export interface Decision {
  target: Target
  answers: Answers
  /** What was decided without the user, as the flags that say the same. */
  defaults: string[]
}

/** Placeholder of the model question for an id or path that is not in the list. */
const otherModel = 'other'

/**
 * Settles every answer: from the flags, then from the user, then by default.
 *
 * @throws UsageError when something is missing and nobody can be asked, and for values that can't be;
 * CreateError when the folder is occupied; InterruptedError on Ctrl-C.
 */
export async function settleAnswers(given: Arguments, around: Surroundings): Promise<Decision> {
  const asker = around.takeDefaults ? undefined : await around.asker()
  if (asker === undefined) requireGiven(given, around.takeDefaults)
  const defaults: string[] = []
  const byDefault = <Value extends string>(flag: string, value: Value): Value => {
    defaults.push(`${flag} ${value}`)
    return value
  }
  const target = await settleTarget(given, around, asker)
  const template = (await settleTemplate(given, asker)) ?? byDefault('--template', templates[0].value)
  const model =
    given.values.get('model') ??
    (asker === undefined ? undefined : await askModel(asker, around.machine)) ??
    byDefault('--model', defaultModel(around.machine).id)
  const features = await settleFeatures(given, template, asker)
  const env = await settlePython(given, around, asker)
  const packageManager =
    choose(packageManagers, given.values.get('package-manager')) ??
    byDefault('--package-manager', invokingPackageManager(around.environment))
  const answers: Answers = {
    name: target.name,
    template,
    model: locateModel(model, around.workingDirectory),
    packageManager,
    author: await settleAuthor(given, around, target),
  }
  if (features.length > 0) answers.features = features
  if (env !== undefined) answers.env = env
  return { target, answers, defaults }
}

async function settleTemplate(given: Arguments, asker: Asker | undefined): Promise<TemplateId | undefined> {
  const template = choose(templates, given.values.get('template'))
  if (template !== undefined || asker === undefined || templates.length < 2) return template
  return choose(templates, await asker.select('What is it to be?', templates, templates[0].value))
}

async function settlePython(
  given: Arguments,
  around: Surroundings,
  asker: Asker | undefined,
): Promise<PythonEnvironment | undefined> {
  const env = choose(pythonEnvironments, given.values.get('env'))
  if (env !== undefined || asker === undefined || given.switches.has('no-install')) return env
  return await askPython(asker, around.pythonChoices())
}

/** With --no-git git is left alone, so it is not asked for a name either. */
async function settleAuthor(given: Arguments, around: Surroundings, target: Target): Promise<string> {
  const author = given.values.get('author')?.trim()
  if (author) return author
  const userName = given.switches.has('no-git') ? undefined : await around.userName()
  return userName ?? `${target.name} authors`
}

async function settleTarget(
  given: Arguments,
  around: Surroundings,
  asker: Asker | undefined,
): Promise<Target> {
  const name = given.values.get('name')
  const force = given.switches.has('force')
  const resolve = (directory: string): Target => resolveTarget(directory, name, around.workingDirectory)
  let { directory } = given
  if (directory === undefined && asker !== undefined) {
    directory = await asker.text('Name of the project (and its folder):', 'my-mlx-app', (answer) => {
      try {
        // A plain word is taken as the name that it is, so npm's rules are told at once.
        const problem =
          /[/\\]|^\.{1,2}$/.test(answer) && !answer.startsWith('@') ? undefined : problemOfName(answer)
        if (problem !== undefined) return problem
        refuseOccupied(resolve(answer), force)
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    })
  }
  if (directory === undefined) throw new InterruptedError()
  const target = resolve(directory)
  refuseOccupied(target, force)
  return target
}

async function askModel(asker: Asker, machine: Machine): Promise<string> {
  const choices = catalogue
    .filter((model) => model.task === 'text')
    .map((model) => ({
      value: model.id,
      title: describeModel(model, machine),
      description: model.description,
    }))
  const other = {
    value: otherModel,
    title: 'another one',
    description: 'a Hugging Face id (owner/name) or a path',
  }
  const chosen = await asker.select('Model:', [...choices, other], defaultModel(machine).id)
  if (chosen !== otherModel) return chosen
  return asker.text('Hugging Face id or path:', '', (answer) => {
    try {
      checkModel(answer)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  })
}

async function askPython(
  asker: Asker,
  choices: readonly PythonEnvironment[],
): Promise<PythonEnvironment | undefined> {
  const [first] = choices
  if (first === undefined || choices.length < 2) return undefined
  const offered = pythonEnvironments.filter((way) => choices.includes(way.value))
  return choose(pythonEnvironments, await asker.select('Python environment:', offered, first))
}

/** @throws UsageError that lists what is missing where nobody can be asked. */
function requireGiven(given: Arguments, takeDefaults: boolean): void {
  const missing = takeDefaults
    ? []
    : allValueOptions.filter((option) => option.asked && !given.values.has(option.id))
  if (given.directory !== undefined && missing.length === 0) return
  throw new UsageError(
    takeDefaults
      ? 'The folder to make is missing.'
      : 'There is no terminal to ask on, and something is missing.',
    {
      hints: [
        ...(given.directory === undefined ? ['DIR: the folder to make, "." for this one'] : []),
        ...missing.map(valuesOf),
        takeDefaults ? 'create-mlx-app my-app --yes' : 'Or take all defaults: create-mlx-app my-app --yes',
      ],
    },
  )
}
