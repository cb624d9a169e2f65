import type { Arguments } from '../arguments.ts'
import { type Answers, choose, type PythonEnvironment, pythonEnvironments } from '../choices.ts'
import type { Asker } from '../system/asker.ts'
import { locatePython } from '../system/python-path.ts'

/** Ways to get Python that there is a choice between on this machine; the first is the default. */
type PythonChoices = () => readonly PythonEnvironment[]

/**
 * Settles how Python is set up. A Python that is named is used as it is, unless uv or pip is asked for: then the
 * environment is built from it.
 *
 * @throws UsageError for a Python that is not there; InterruptedError on Ctrl-C.
 */
export async function settlePython(
  given: Arguments,
  around: { workingDirectory: string; environment: NodeJS.ProcessEnv; pythonChoices: PythonChoices },
  asker: Asker | undefined,
): Promise<Pick<Answers, 'env' | 'pythonPath'> & { byDefault: boolean }> {
  const env = choose(pythonEnvironments, given.values.get('env'))
  const path = given.values.get('python-path')
  if (path !== undefined) {
    const pythonPath = locatePython(path, around.workingDirectory, around.environment)
    return { env: env ?? 'existing', pythonPath, byDefault: env === undefined }
  }
  const asked =
    env === undefined && asker !== undefined && !given.switches.has('no-install')
      ? await askPython(asker, around.pythonChoices())
      : undefined
  const way = env ?? asked
  return { byDefault: false, ...(way === undefined ? {} : { env: way }) }
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
