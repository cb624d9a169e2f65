import { packageIndexes } from '../../packages/engine/src/setup/process/package-indexes.ts'
import type { Answers } from '../choices.ts'
import { InterruptedError } from '../errors.ts'
import { findOnPath } from '../machine/search-path.ts'
import type { CommandContext } from '../process/commands.ts'
import { pythonInstallCommands } from '../python-project.ts'
import { runCommand } from './install.ts'

/** The oldest Python that a project runs on, and the names of programs to try, in order. */
const oldestMinor = 11
const pythonNames = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11']

/**
 * Installs a Python project in its environment, `.venv`.
 *
 * @returns why it failed; undefined when it succeeded.
 * @throws InterruptedError on Ctrl-C.
 */
export async function installPython(answers: Answers, context: CommandContext): Promise<string | undefined> {
  const shared = { ...context, env: { ...context.env, ...packageIndexes(context.env) } }
  const python = answers.pythonPath ?? (await findPython(shared))
  const commands = pythonInstallCommands(context.cwd, answers, context.env, python)
  // In a log, there would be a line for each package.
  const quiet = process[context.output].isTTY ? [] : ['--quiet']
  for (const command of commands) {
    const failure = await runWithCache([...command, ...(command.includes('venv') ? [] : quiet)], shared)
    if (failure !== undefined) return failure
  }
  return undefined
}

/** Runs a command, and runs uv a second time with its cache alone, in case that there is no network. */
async function runWithCache(
  command: readonly string[],
  context: CommandContext,
): Promise<string | undefined> {
  const failure = await runCommand(command, context)
  // Only a uv that ran and exited by itself gets the second attempt.
  if (!command.includes('sync') || !failure?.startsWith('exit ')) return failure
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
