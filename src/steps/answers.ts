import {
  type Answers,
  choose,
  type PackageManager,
  type PythonEnvironment,
  packageManagers,
  type TemplateId,
  templates,
} from '../choices.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { valuesOf } from '../command-line/arguments.ts'
import { allValueOptions } from '../command-line/options.ts'
import { quote } from '../command-line/quote.ts'
import { InterruptedError, UsageError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { packageManagerChoices } from '../machine/package-manager-choices.ts'
import type { CatalogueModel } from '../models/catalogue.ts'
import { invokingPackageManager } from '../package-manager.ts'
import { problemOfName } from '../project/package-name.ts'
import type { Asker } from '../terminal/prompter.ts'
import { settleFeatures } from './features.ts'
import { settleModel } from './model.ts'
import { settlePython } from './python.ts'
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
  /** What was decided without the user, as the flags that say the same, quoted for a shell. */
  defaults: string[]
  /** The model of the catalogue, where it is one. */
  known?: CatalogueModel
}

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
    defaults.push(`${flag} ${quote(value)}`)
    return value
  }
  const target = await settleTarget(given, around, asker)
  if (given.directory !== undefined && !given.values.has('name')) byDefault('--name', target.name)
  const template = (await settleTemplate(given, asker)) ?? byDefault('--template', templates[0].value)
  const chosen = await settleModel(given, template, around, asker)
  if (chosen.byDefault) byDefault('--model', chosen.model)
  const features = await settleFeatures(given, template, asker)
  const python = await settlePython(given, features, around, asker)
  if (python.env !== undefined && python.byDefault) byDefault('--env', python.env)
  const packageManager = await settlePackageManager(given, around, asker, byDefault)
  const author = given.values.get('author')?.trim()
  const { known } = chosen
  const answers: Answers = {
    name: target.name,
    template,
    model: chosen.model,
    ...(known?.revision === undefined ? {} : { revision: known.revision }),
    packageManager,
    author: author ? author : byDefault('--author', await defaultAuthor(given, around, target)),
  }
  if (features.length > 0) answers.features = features
  if (python.env !== undefined) answers.env = python.env
  if (python.pythonPath !== undefined) answers.pythonPath = python.pythonPath
  return { target, answers, defaults, ...(known === undefined ? {} : { known }) }
}

async function settleTemplate(given: Arguments, asker: Asker | undefined): Promise<TemplateId | undefined> {
  const template = choose(templates, given.values.get('template'))
  if (template !== undefined || asker === undefined || templates.length < 2) return template
  return choose(templates, await asker.select('What is it to be?', templates, templates[0].value))
}

/** The one that runs this process is followed; it is a question only where that can't be told and there are several. */
async function settlePackageManager(
  given: Arguments,
  { environment }: Surroundings,
  asker: Asker | undefined,
  byDefault: (flag: string, value: PackageManager) => PackageManager,
): Promise<PackageManager> {
  const manager = choose(packageManagers, given.values.get('package-manager'))
  if (manager !== undefined) return manager
  const choices = packageManagerChoices(environment, invokingPackageManager(environment))
  const [first] = choices
  if (asker === undefined || choices.length < 2) return byDefault('--package-manager', first)
  const offered = packageManagers.filter(({ value }) => choices.includes(value))
  return choose(packageManagers, await asker.select('Package manager:', offered, first)) ?? first
}

/** With --no-git git is left alone, so it is not asked for a name either. */
async function defaultAuthor(given: Arguments, around: Surroundings, target: Target): Promise<string> {
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
