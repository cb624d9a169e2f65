import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isolatedEnvironment } from '../../packages/engine/src/engine/project/isolated-environment.ts'
import { packageIndexes } from '../../packages/engine/src/setup/process/package-indexes.ts'
import { pipListing, pipVariables } from '../../packages/engine/src/setup/process/pip-listing.ts'
import type { Answers } from '../choices.ts'
import { InterruptedError } from '../errors.ts'
import { findOnPath } from '../machine/search-path.ts'
import type { CommandContext } from '../process/commands.ts'
import { environmentFolder, exportCommands, type InstallStep, pythonInstallSteps } from '../python-project.ts'
import { runCommand } from './install.ts'

/** The oldest Python that a project runs on, and the names of programs to try, in order. */
const oldestMinor = 11
const pythonNames = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11']

/**
 * Installs a Python project in its environment, `.venv`. uv also completes `uv.lock`, and the locks for pip are then written
 * from it.
 *
 * @param say prints a line for the user.
 * @returns why it failed; undefined when it succeeded.
 * @throws InterruptedError on Ctrl-C. A new environment is removed then, because it is incomplete.
 */
export async function installPython(
  answers: Answers,
  context: CommandContext,
  say: (line: string) => void,
): Promise<string | undefined> {
  const place = join(context.cwd, environmentFolder)
  const isNew = !existsSync(place)
  try {
    return await runSteps(answers, context, say)
  } catch (error) {
    if (isNew) rmSync(place, { recursive: true, force: true })
    throw error
  }
}

async function runSteps(
  answers: Answers,
  context: CommandContext,
  say: (line: string) => void,
): Promise<string | undefined> {
  const isolated = isolatedEnvironment(context.env, false)
  // In the user's own project, uv works as it does for the user.
  const ofUv = Object.entries(context.env).filter(([name]) => name.startsWith('UV_'))
  const environment = { ...isolated, ...Object.fromEntries(ofUv) }
  const shared = { ...context, env: { ...environment, ...packageIndexes(environment) } }
  const python = answers.pythonPath ?? (await findPython(shared))
  // In a log, there would be a line for each package.
  const quiet = process[context.output].isTTY ? [] : ['--quiet']
  const steps = pythonInstallSteps(answers, context.env, python)
  let ofPip: NodeJS.ProcessEnv | undefined
  for (const step of steps) {
    if (steps.length > 1) say(`${step.title}...`)
    const isVenv = step.program === 'venv'
    const command = isVenv ? step.command : [...step.command, ...quiet]
    if (step.program === 'pip') ofPip ??= await pipSettings(step.command[0], shared)
    const env = step.program === 'pip' ? { ...shared.env, ...ofPip } : shared.env
    const failure = await runWithCache({ ...step, command }, { ...shared, env, showsOnlyFailure: isVenv })
    if (failure !== undefined) return failure
  }
  for (const command of exportCommands(answers, context.env)) {
    // uv.lock has everything, and the environment variable leaves no trace in the file.
    const offline = { ...shared, env: { ...shared.env, UV_OFFLINE: '1' } }
    const failure = await runCommand(command, offline)
    if (failure !== undefined) return failure
  }
  return undefined
}

/** Returns the variables that keep the pip of a Python from the user's settings, and from advice on itself. */
async function pipSettings(
  python: string,
  { commands, ...options }: CommandContext,
): Promise<NodeJS.ProcessEnv> {
  const result = await commands.capture([python, '-c', pipListing], options)
  if (result === 'interrupted') throw new InterruptedError()
  return { ...pipVariables(result.stdout, options.env), PIP_DISABLE_PIP_VERSION_CHECK: '1' }
}

/** Runs a step, and runs uv a second time with its cache alone, in case that there is no network. */
async function runWithCache(
  { program, command }: Pick<InstallStep, 'program'> & { command: readonly string[] },
  context: CommandContext,
): Promise<string | undefined> {
  const failure = await runCommand(command, context)
  // Only a uv that ran and exited by itself gets the second attempt.
  if (program !== 'uv' || !failure?.startsWith('exit ')) return failure
  const secondFailure = await runCommand([...command, '--offline'], context)
  return secondFailure === undefined
    ? undefined
    : `${secondFailure}, twice, the second time with uv's cache only`
}

/** Returns the first Python on the PATH that is new enough; undefined if there is none. */
async function findPython({ commands, ...options }: CommandContext): Promise<string | undefined> {
  for (const name of pythonNames) {
    if (findOnPath(name, options.env) === undefined) continue
    const check = `import sys; print(sys.version_info >= (3, ${oldestMinor}))`
    const result = await commands.capture([name, '-c', check], options)
    if (result === 'interrupted') throw new InterruptedError()
    if (result.stdout === 'True') return name
  }
  return undefined
}
