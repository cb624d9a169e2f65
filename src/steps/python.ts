import {
  type Answers,
  choose,
  type FeatureId,
  type PythonEnvironment,
  pythonEnvironments,
} from '../choices.ts'
import type { Arguments } from '../command-line/arguments.ts'
import { UsageError } from '../errors.ts'
import { locatePython } from '../machine/python-path.ts'
import type { Prompter } from '../terminal/prompter.ts'

/** Ways to get Python that there is a choice between on this machine; the first is the default. */
type PythonChoices = () => readonly PythonEnvironment[]

/**
 * Settles how Python is set up. A Python that is named is used as it is, unless uv or pip is asked for: then the
 * environment is built from it. A Python project of its own is set up by uv, so nobody is asked.
 *
 * @throws UsageError for a Python that is not there, or for another way than uv beside a Python project; InterruptedError on
 * Ctrl-C.
 */
export async function resolvePython(
  given: Arguments,
  features: readonly FeatureId[],
  around: { workingDirectory: string; environment: NodeJS.ProcessEnv; pythonChoices: PythonChoices },
  prompter: Prompter | undefined,
): Promise<Pick<Answers, 'env' | 'pythonPath'> & { byDefault: boolean }> {
  const env = choose(pythonEnvironments, given.values.get('env'))
  const path = given.values.get('python-path')
  if (features.includes('python')) return ofPythonProject(env, path, around)
  if (path !== undefined) {
    const pythonPath = locatePython(path, around.workingDirectory, around.environment)
    return { env: env ?? 'existing', pythonPath, byDefault: env === undefined }
  }
  const asked =
    env === undefined && prompter !== undefined && !given.switches.has('no-install')
      ? await askPython(prompter, around.pythonChoices())
      : undefined
  const way = env ?? asked
  return { byDefault: false, ...(way === undefined ? {} : { env: way }) }
}

function ofPythonProject(
  env: PythonEnvironment | undefined,
  path: string | undefined,
  around: { workingDirectory: string; environment: NodeJS.ProcessEnv },
): Pick<Answers, 'env' | 'pythonPath'> & { byDefault: boolean } {
  if (env !== undefined && env !== 'uv') {
    throw new UsageError(`--with python needs uv, not --env ${env}.`, {
      hints: ['Leave --env out: uv is fetched through pip where it is missing.'],
    })
  }
  if (path === undefined) return { byDefault: false, ...(env === undefined ? {} : { env }) }
  const pythonPath = locatePython(path, around.workingDirectory, around.environment)
  return { env: 'uv', pythonPath, byDefault: env === undefined }
}

async function askPython(
  prompter: Prompter,
  choices: readonly PythonEnvironment[],
): Promise<PythonEnvironment | undefined> {
  const [first] = choices
  if (first === undefined || choices.length < 2) return undefined
  const offered = pythonEnvironments.filter((way) => choices.includes(way.value))
  return choose(pythonEnvironments, await prompter.select('Python environment:', offered, first))
}
