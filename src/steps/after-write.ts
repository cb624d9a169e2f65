import { type Answers, templateOf } from '../choices.ts'
import { InterruptedError } from '../errors.ts'
import { installPackages, runCommand } from '../install/install.ts'
import { installPython } from '../install/python.ts'
import { type Machine, oldNodeReason, unsupportedReason } from '../machine/machine.ts'
import { setupCommand } from '../package-manager.ts'
import { childEnvironment } from '../process/child-environment.ts'
import type { CommandContext } from '../process/commands.ts'
import type { Output } from '../terminal/output.ts'
import { initRepository } from './git.ts'
import { finishCommands } from './next-commands.ts'

/** How far the steps after writing came. */
export interface Progress {
  install: 'done' | 'skipped' | 'failed'
  setup: 'done' | 'skipped' | 'failed'
  git: 'committed' | 'initialised' | 'skipped' | 'failed'
}

export interface AfterWriteOptions {
  /** Absolute path of the project. */
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
 * Installs the packages, sets up Python, and creates the git repository of a project that has been written. If a step
 * fails, the project stays and the user is told how to finish it.
 *
 * @throws InterruptedError on Ctrl-C. The project stays.
 */
export async function runAfterWrite(options: AfterWriteOptions): Promise<Progress> {
  const progress: Progress = { install: 'skipped', setup: 'skipped', git: 'skipped' }
  try {
    await runSteps(options, progress)
    return progress
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    throw new InterruptedError(`Interrupted. ${howToFinish(options, progress)}`)
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
  if (options.install) await install(options, progress, context)
  if (progress.install === 'done' && answers.packageManager !== undefined) {
    await setUpPython(options, progress, context)
  }
  if (options.git) await createRepository(options, progress, context)
}

async function install(
  options: AfterWriteOptions,
  progress: Progress,
  context: CommandContext,
): Promise<void> {
  const { answers, machine, output } = options
  const { packageManager } = answers
  const reason =
    packageManager === undefined
      ? unsupportedReason(machine)
      : oldNodeReason(machine, templateOf(answers.template).oldestNode)
  if (reason !== undefined) {
    output.warn(`The project was not installed: ${reason}`)
    return
  }
  output.say(`\nInstalling packages with ${packageManager ?? answers.env}...`)
  const failure =
    packageManager === undefined
      ? await installPython(answers, context, output.say)
      : await installPackages(packageManager, context)
  progress.install = failure === undefined ? 'done' : 'failed'
  if (failure !== undefined) {
    output.warn(`Could not install the packages: ${failure}. ${howToFinish(options, progress)}`)
  }
}

async function setUpPython(
  options: AfterWriteOptions,
  progress: Progress,
  context: CommandContext,
): Promise<void> {
  const { answers, machine, output } = options
  const reason = unsupportedReason(machine)
  if (reason !== undefined) {
    output.warn(`Python was not set up: ${reason}`)
    return
  }
  output.say('\nSetting up Python...')
  const failure = await runCommand(setupCommand(answers), context)
  progress.setup = failure === undefined ? 'done' : 'failed'
  if (failure !== undefined) {
    output.warn(`Could not set up Python: ${failure}. ${howToFinish(options, progress)}`)
  }
}

async function createRepository(
  options: AfterWriteOptions,
  progress: Progress,
  context: CommandContext,
): Promise<void> {
  const { output } = options
  if (options.answers.monorepo === 'member') {
    output.say('No git repository was created: the project belongs to the monorepo.')
    return
  }
  const message = `Create ${options.answers.name} with create-mlx-app ${options.version}`
  const result = await initRepository(message, context.commands, context)
  progress.git = result.state
  if (result.state === 'committed') output.say('Created a git repository with one commit.')
  else if (result.state === 'initialised') output.say(`Created a git repository: ${result.reason}.`)
  else output.say(`No git repository was created: ${result.reason}.`)
}

/** Returns which steps are left. A Python project needs no setup after its installation. */
export function leftToDo(
  { packageManager }: Pick<Answers, 'packageManager'>,
  { install, setup }: Pick<Progress, 'install' | 'setup'>,
): { install: boolean; setup: boolean } {
  return { install: install !== 'done', setup: packageManager !== undefined && setup !== 'done' }
}

/** Says where the project is, and which commands complete it. */
function howToFinish({ target, answers }: AfterWriteOptions, progress: Progress): string {
  const commands = finishCommands(answers, leftToDo(answers, progress), process.env)
  const rest =
    commands.length === 0
      ? 'Only its git repository is missing.'
      : `To finish, ${progress.setup === 'failed' ? 'solve the problem above and ' : ''}run there: ${commands.join(' && ')}`
  return `The project is in ${target}. ${rest}`
}
