import type { Answers } from '../choices.ts'
import { quote } from '../command-line/quote.ts'
import { InterruptedError } from '../errors.ts'
import { type CommandContext, installPackages, runCommand } from '../install/install.ts'
import { type Machine, unsupportedReason } from '../machine/machine.ts'
import { setupCommand } from '../package-manager.ts'
import { childEnvironment } from '../process/child-environment.ts'
import type { Output } from '../terminal/output.ts'
import { initRepository } from './git.ts'

/** How far the steps after writing came. */
export interface Progress {
  install: 'done' | 'skipped' | 'failed'
  setup: 'done' | 'skipped' | 'failed'
  git: 'committed' | 'initialised' | 'skipped' | 'failed'
}

export interface AfterWriteOptions {
  target: string
  answers: Answers
  install: boolean
  git: boolean
  machine: Machine
  output: Output
  signal: AbortSignal
  version: string
}

/**
 * What happens once the files are there: packages, Python, git. A step that fails leaves the project and
 * says how to go on.
 *
 * @throws InterruptedError on Ctrl-C; the project stays.
 */
export async function runAfterWrite(options: AfterWriteOptions): Promise<Progress> {
  const progress: Progress = { install: 'skipped', setup: 'skipped', git: 'skipped' }
  try {
    await runSteps(options, progress)
    return progress
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    throw new InterruptedError(
      `Interrupted. The project stays in ${options.target}: ${remainingCommands(options, progress)}`,
    )
  }
}

async function runSteps(options: AfterWriteOptions, progress: Progress): Promise<void> {
  const { target, answers, output, signal } = options
  signal.throwIfAborted()
  if (!options.install && !options.git) return
  const { processes } = await import('../process/processes.ts')
  const context: CommandContext = {
    commands: processes,
    cwd: target,
    env: childEnvironment(process.env),
    signal,
    output: output.channel,
  }
  if (options.install) {
    output.say(`\nInstalling packages with ${answers.packageManager} ...`)
    const failure = await installPackages(answers.packageManager, context)
    progress.install = failure === undefined ? 'done' : 'failed'
    if (failure !== undefined) {
      output.warn(
        `The packages could not be installed: ${failure}. The project stays; ${remainingCommands(options, progress)}`,
      )
    }
  }
  if (progress.install === 'done') await setUpPython(options, progress, context)
  if (options.git) await createRepository(options, progress, context)
}

async function setUpPython(
  options: AfterWriteOptions,
  progress: Progress,
  context: CommandContext,
): Promise<void> {
  const { answers, machine, output } = options
  const reason = unsupportedReason(machine)
  if (reason !== undefined) {
    output.warn(`Python is not set up: ${reason}`)
    return
  }
  output.say('\nSetting up Python ...')
  const failure = await runCommand(setupCommand(answers), context)
  progress.setup = failure === undefined ? 'done' : 'failed'
  if (failure !== undefined) {
    output.warn(
      `Python could not be set up: ${failure}. The project stays; ${remainingCommands(options, progress)}`,
    )
  }
}

async function createRepository(
  options: AfterWriteOptions,
  progress: Progress,
  context: CommandContext,
): Promise<void> {
  const message = `Create ${options.answers.name} with create-mlx-app ${options.version}`
  const result = await initRepository(message, context.commands, context)
  progress.git = result.state
  if (result.state === 'committed') options.output.say('Made a git repository with one commit.')
  else if (result.state === 'initialised') options.output.say(`Made a git repository: ${result.reason}.`)
  else options.output.say(`No git repository: ${result.reason}.`)
}

function remainingCommands({ answers }: AfterWriteOptions, progress: Progress): string {
  const commands = [
    ...(progress.install === 'done' ? [] : [`${answers.packageManager} install`]),
    ...(progress.setup === 'done' ? [] : [setupCommand(answers).map(quote).join(' ')]),
  ]
  return commands.length === 0 ? 'nothing is missing but git.' : `go on in it with: ${commands.join(' && ')}`
}
