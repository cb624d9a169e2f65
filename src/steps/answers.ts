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
import { packageNameProblem } from '../project/package-name.ts'
import type { Prompter } from '../terminal/prompter.ts'
import { resolveFeatures } from './features.ts'
import { resolveModel } from './model.ts'
import { resolvePython } from './python.ts'
import { parseTarget, requireEmptyFolder, type Target } from './target.ts'

export interface Context {
  environment: NodeJS.ProcessEnv
  workingDirectory: string
  machine: Machine
  /** Gives the way to ask, or undefined where nobody can be asked. */
  prompter: () => Promise<Prompter | undefined>
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
export async function resolveAnswers(given: Arguments, around: Context): Promise<Decision> {
  const prompter = around.takeDefaults ? undefined : await around.prompter()
  if (prompter === undefined) requireArguments(given, around.takeDefaults)
  const defaults: string[] = []
  const byDefault = <Value extends string>(flag: string, value: Value): Value => {
    defaults.push(`${flag} ${quote(value)}`)
    return value
  }
  const target = await resolveTarget(given, around, prompter)
  if (given.directory !== undefined && !given.values.has('name')) byDefault('--name', target.name)
  const template = (await resolveTemplate(given, prompter)) ?? byDefault('--template', templates[0].value)
  const chosen = await resolveModel(given, template, around, prompter)
  if (chosen.byDefault) byDefault('--model', chosen.model)
  const features = await resolveFeatures(given, template, prompter)
  const python = await resolvePython(given, features, around, prompter)
  if (python.env !== undefined && python.byDefault) byDefault('--env', python.env)
  const packageManager = await resolvePackageManager(given, around, prompter, byDefault)
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

async function resolveTemplate(
  given: Arguments,
  prompter: Prompter | undefined,
): Promise<TemplateId | undefined> {
  const template = choose(templates, given.values.get('template'))
  if (template !== undefined || prompter === undefined || templates.length < 2) return template
  return choose(templates, await prompter.select('What is it to be?', templates, templates[0].value))
}

/** The one that runs this process is followed; it is a question only where that can't be told and there are several. */
async function resolvePackageManager(
  given: Arguments,
  { environment }: Context,
  prompter: Prompter | undefined,
  byDefault: (flag: string, value: PackageManager) => PackageManager,
): Promise<PackageManager> {
  const manager = choose(packageManagers, given.values.get('package-manager'))
  if (manager !== undefined) return manager
  const choices = packageManagerChoices(environment, invokingPackageManager(environment))
  const [first] = choices
  if (prompter === undefined || choices.length < 2) return byDefault('--package-manager', first)
  const offered = packageManagers.filter(({ value }) => choices.includes(value))
  return choose(packageManagers, await prompter.select('Package manager:', offered, first)) ?? first
}

/** With --no-git git is left alone, so it is not asked for a name either. */
async function defaultAuthor(given: Arguments, around: Context, target: Target): Promise<string> {
  const userName = given.switches.has('no-git') ? undefined : await around.userName()
  return userName ?? `${target.name} authors`
}

async function resolveTarget(
  given: Arguments,
  around: Context,
  prompter: Prompter | undefined,
): Promise<Target> {
  const name = given.values.get('name')
  const force = given.switches.has('force')
  const resolve = (directory: string): Target => parseTarget(directory, name, around.workingDirectory)
  let { directory } = given
  if (directory === undefined && prompter !== undefined) {
    directory = await prompter.text('Name of the project (and its folder):', 'my-mlx-app', (answer) => {
      try {
        // A plain word is taken as the name that it is, so npm's rules are told at once.
        const problem =
          /[/\\]|^\.{1,2}$/.test(answer) && !answer.startsWith('@') ? undefined : packageNameProblem(answer)
        if (problem !== undefined) return problem
        requireEmptyFolder(resolve(answer), force)
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    })
  }
  if (directory === undefined) throw new InterruptedError()
  const target = resolve(directory)
  requireEmptyFolder(target, force)
  return target
}

/** @throws UsageError that lists what is missing where nobody can be asked. */
function requireArguments(given: Arguments, takeDefaults: boolean): void {
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
