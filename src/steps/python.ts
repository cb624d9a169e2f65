import {
  type Answers,
  choose,
  type FeatureId,
  languageOf,
  pythonEnvironments,
  type TemplateId,
} from '../choices.ts'
import { UsageError } from '../errors.ts'
import { locatePython } from '../machine/python-path.ts'
import type { Context } from './context.ts'
import { type Resolver, resolveOption } from './resolver.ts'

/**
 * Resolves how Python is set up. An interpreter that is given is used as it is, or with uv or pip to build the
 * environment. The environment of a Python project is always built by uv, so nobody is asked.
 *
 * @throws UsageError for an interpreter that does not exist, and for anything but uv in a Python project;
 * InterruptedError on Ctrl-C.
 */
export async function resolvePython(
  resolver: Resolver,
  template: TemplateId,
  features: readonly FeatureId[],
  { workingDirectory, environment, pythonChoices }: Context,
): Promise<Pick<Answers, 'env' | 'pythonPath'>> {
  const { given } = resolver
  const path = await resolveOption(resolver, 'python-path', { features })
  const isPythonProject = features.includes('python')
  requireUv(isPythonProject, given.values.get('env'))
  requireOwnEnvironment(template, given.values.get('env'))
  const python = path === undefined ? {} : { pythonPath: locatePython(path, workingDirectory, environment) }
  const isAsked =
    !isPythonProject &&
    languageOf(template) !== 'python' &&
    path === undefined &&
    !given.switches.has('no-install')
  const env = choose(
    pythonEnvironments,
    await resolveOption(resolver, 'env', { template, features, ...python }, async (prompter, question) => {
      const choices = isAsked ? pythonChoices() : []
      const [first] = choices
      if (first === undefined || choices.length < 2) return undefined
      const offered = pythonEnvironments.filter(({ value }) => choices.includes(value))
      return await prompter.select(question, offered, first)
    }),
  )
  return { ...(env === undefined ? {} : { env }), ...python }
}

/** @throws UsageError if a Python project is combined with another environment. */
function requireUv(isPythonProject: boolean, env: string | undefined): void {
  if (!isPythonProject || env === undefined || env === 'uv') return
  throw new UsageError(`--with python needs uv, so it can't be combined with --env ${env}.`, {
    hints: ['Leave out --env. If uv is not installed, the setup installs it with pip.'],
  })
}

/** @throws UsageError if a project in Python is to use an existing environment. */
function requireOwnEnvironment(template: TemplateId, env: string | undefined): void {
  if (languageOf(template) !== 'python' || env !== 'existing') return
  throw new UsageError(`--template ${template} can't be combined with --env existing.`, {
    hints: [
      'Its projects have their own environment in .venv. Use --env uv or --env pip, and --python-path to choose the Python.',
      'To install the project into another environment later, run there: python -m pip install -e DIR',
    ],
  })
}
