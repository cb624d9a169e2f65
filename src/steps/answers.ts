import { join } from 'node:path'
import {
  type Answers,
  choose,
  languageOf,
  type MonorepoRole,
  type PackageManager,
  packageManagers,
  requireChoice,
  type TemplateId,
  templates,
} from '../choices.ts'
import { answerFlags } from '../command-line/answer-flags.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { allValueOptions, type ValueId, valueOption } from '../command-line/options.ts'
import { quote } from '../command-line/quote.ts'
import { describeValues } from '../command-line/values.ts'
import { InterruptedError, UsageError } from '../errors.ts'
import { packageManagerChoices } from '../machine/package-manager-choices.ts'
import { requireNoUvWorkspace } from '../machine/uv-workspace.ts'
import type { RatedModel } from '../models/catalogue.ts'
import { packageNameProblem } from '../project/package-name.ts'
import { distributionNameFrom } from '../project/python-package-name.ts'
import type { Prompter } from '../terminal/prompter.ts'
import type { Context } from './context.ts'
import { resolveFeatures } from './features.ts'
import { resolveModel } from './model.ts'
import { placeInMonorepo, type RootChange, resolveMonorepo, rootChange } from './monorepo.ts'
import { resolvePython } from './python.ts'
import { type Resolver, resolveDefault, resolveOption } from './resolver.ts'
import {
  expandHome,
  isBelowBiome,
  parseTarget,
  requireEmptyFolder,
  requirePathFor,
  requireValidName,
  type Target,
} from './target.ts'

export interface Decision {
  target: Target
  answers: Answers
  /** The defaults that were used, as flags that are quoted for a shell. */
  defaults: string[]
  /** The model's entry in the catalogue, if it has one. */
  known?: RatedModel
  /** What the root of the monorepo needs for the project. */
  rootChange?: RootChange
}

/**
 * Resolves every answer: from the flags, else from the user, else by default.
 *
 * @throws UsageError if something is missing and nobody can be asked, and for invalid values; CreateError if the folder
 * is not empty; InterruptedError on Ctrl-C.
 */
export async function resolveAnswers(given: Arguments, context: Context): Promise<Decision> {
  const prompter = context.takeDefaults ? undefined : await context.prompter()
  if (prompter === undefined) requireArguments(given, context.takeDefaults)
  const givenTemplate = choose(templates, given.values.get('template')) ?? templates[0].value
  requireValidName(given.values.get('name'), languageOf(givenTemplate))
  const folder = await resolveFolder(given, context, prompter)
  const byDefault = new Set<ValueId>()
  const { environment, machine, userName, findMonorepo } = context
  const monorepo = await findMonorepo(folder.path)
  const resolver: Resolver = {
    given,
    prompter,
    byDefault,
    defaultContext: {
      environment,
      machine,
      folderName: folder.name,
      monorepo,
      userName,
    },
  }
  const chosenName = await resolveName(resolver)
  const template = await resolveTemplate(resolver)
  const language = languageOf(template)
  requireValidName(given.values.get('name'), language)
  requirePathFor(language, folder.path)
  const name = language === 'python' ? distributionNameFrom(chosenName) : chosenName
  const role = await resolveMonorepo(resolver, template)
  const { model, known } = await resolveModel(resolver, template, context.workingDirectory)
  const features = await resolveFeatures(resolver, template, role)
  if (language === 'python') await requireNoUvWorkspace(folder.path)
  else if (features.includes('python')) await requireNoUvWorkspace(join(folder.path, 'python'))
  const python = await resolvePython(resolver, template, features, context)
  const packageManager = await resolvePackageManager(resolver, template, role)
  const isMember = monorepo !== undefined && role === 'member' && packageManager !== undefined
  const author = given.values.get('author')?.trim() || (await resolveDefault(resolver, 'author', { name }))
  const answers: Answers = {
    name,
    template,
    model,
    ...(known?.revision === undefined ? {} : { revision: known.revision }),
    ...(packageManager === undefined ? {} : { packageManager }),
    author: author ?? '',
    ...(role === undefined ? {} : { monorepo: role }),
    ...(isMember ? placeInMonorepo(monorepo, packageManager) : {}),
    ...(language === 'typescript' && isBelowBiome(folder.path) ? { belowBiome: true } : {}),
    ...(features.length === 0 ? {} : { features }),
    ...python,
  }
  const defaults = answerFlags(answers, byDefault)
  const target: Target = { path: folder.path, name }
  const change =
    monorepo === undefined || role === undefined ? undefined : rootChange(monorepo, role, template)
  return {
    target,
    answers,
    defaults,
    ...(known === undefined ? {} : { known }),
    ...(change === undefined ? {} : { rootChange: change }),
  }
}

/** Returns the name of the project. If the folder was asked for, its name was chosen with it. */
async function resolveName(resolver: Resolver): Promise<string> {
  const { folderName } = resolver.defaultContext
  const isChosen = resolver.given.directory === undefined
  const name = await resolveOption(resolver, 'name', {}, async () => (isChosen ? folderName : undefined))
  return name ?? folderName
}

async function resolveTemplate(resolver: Resolver): Promise<TemplateId> {
  const value = await resolveOption(resolver, 'template', {}, (prompter, question, initial) =>
    prompter.select(question, templates, initial),
  )
  return requireChoice(templates, value)
}

/**
 * Resolves the package manager of a TypeScript project. Asks only if it is unknown which package manager runs the tool,
 * and the PATH has several.
 *
 * @throws UsageError if it was given for a Python project.
 */
async function resolvePackageManager(
  resolver: Resolver,
  template: TemplateId,
  role: MonorepoRole | undefined,
): Promise<PackageManager | undefined> {
  const { environment, monorepo } = resolver.defaultContext
  if (languageOf(template) === 'python') {
    const given = resolver.given.values.get('package-manager')
    if (given === undefined) return undefined
    throw new UsageError(
      `--package-manager ${given} can't be combined with --template ${template}, whose projects have no package.json.`,
      { hints: ['Leave out --package-manager. --env uv or --env pip chooses how packages are installed.'] },
    )
  }
  const answers = role === undefined ? {} : { monorepo: role }
  const value = await resolveOption(
    resolver,
    'package-manager',
    answers,
    async (prompter, question, initial) => {
      const choices = packageManagerChoices(environment)
      if (choices.length < 2 || (role === 'member' && monorepo?.manager !== undefined)) return undefined
      const offered = packageManagers.filter((manager) => choices.includes(manager.value))
      return await prompter.select(question, offered, initial)
    },
  )
  return requireChoice(packageManagers, value)
}

async function resolveFolder(
  given: Arguments,
  { workingDirectory }: Context,
  prompter: Prompter | undefined,
): Promise<Target> {
  const { question = '' } = valueOption('name')
  const force = given.switches.has('force')
  const parse = (directory: string): Target => parseTarget(directory, workingDirectory)
  let { directory } = given
  if (directory === undefined && prompter !== undefined) {
    const answered = await prompter.text(question, 'my-mlx-app', (answer) => {
      try {
        // A name with a scope is taken as it is. Any other text is a path, as on the command line.
        const problem = answer === '' || answer.startsWith('@') ? packageNameProblem(answer) : undefined
        if (problem !== undefined) return problem
        requireEmptyFolder(parse(expandHome(answer)), force)
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    })
    directory = expandHome(answered)
  }
  if (directory === undefined) throw new InterruptedError()
  const target = parse(directory)
  requireEmptyFolder(target, force)
  return target
}

/** @throws UsageError that lists what is missing if nobody can be asked. */
function requireArguments(given: Arguments, takeDefaults: boolean): void {
  const missing = takeDefaults
    ? []
    : allValueOptions.filter((option) => option.required && !given.values.has(option.id))
  if (given.directory !== undefined && missing.length === 0) return
  throw new UsageError(
    takeDefaults
      ? 'DIR is missing.'
      : 'Some arguments are missing, and there is no terminal to ask for them.',
    {
      hints: [
        ...(given.directory === undefined ? ['DIR: the folder to create, "." for the current one'] : []),
        ...missing.map(describeValues),
        takeDefaults
          ? 'For example: create-mlx-app my-app --yes'
          : `Or use all defaults: create-mlx-app ${quote(given.directory ?? 'my-app')} --yes`,
      ],
    },
  )
}
