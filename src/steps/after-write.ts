import type { Answers } from '../choices.ts'
import { quote } from '../command-line/quote.ts'
import { InterruptedError } from '../errors.ts'
import { installPackages, type Watched } from '../install/install.ts'
import { setUpPython } from '../install/set-up-python.ts'
import { type Machine, reasonAgainstMlx } from '../machine/machine.ts'
import { setupCommand } from '../package-manager.ts'
import { childEnvironment } from '../process/child-environment.ts'
import type { Output } from '../terminal/output.ts'
import { makeRepository } from './git.ts'

/** How far the steps after writing came. */
export interface Progress {
  install: 'done' | 'skipped' | 'failed'
  setup: 'done' | 'skipped' | 'failed'
  git: 'committed' | 'initialised' | 'skipped' | 'failed'
}

export interface Finish {
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
export async function finishProject(finish: Finish): Promise<Progress> {
  const progress: Progress = { install: 'skipped', setup: 'skipped', git: 'skipped' }
  try {
    await takeSteps(finish, progress)
    return progress
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    throw new InterruptedError(
      `Interrupted. The project stays in ${finish.target}: ${leftToDo(finish, progress)}`,
    )
  }
}

async function takeSteps(finish: Finish, progress: Progress): Promise<void> {
  const { target, answers, output, signal } = finish
  signal.throwIfAborted()
  if (!finish.install && !finish.git) return
  const { processes } = await import('../process/processes.ts')
  const watched: Watched = {
    commands: processes,
    cwd: target,
    env: childEnvironment(process.env),
    signal,
    output: output.channel,
  }
  if (finish.install) {
    output.say(`\nInstalling packages with ${answers.packageManager} ...`)
    const failure = await installPackages(answers.packageManager, watched)
    progress.install = failure === undefined ? 'done' : 'failed'
    if (failure !== undefined) {
      output.warn(
        `The packages could not be installed: ${failure}. The project stays; ${leftToDo(finish, progress)}`,
      )
    }
  }
  if (progress.install === 'done') await takePythonStep(finish, progress, watched)
  if (finish.git) await takeGitStep(finish, progress, watched)
}

async function takePythonStep(finish: Finish, progress: Progress, watched: Watched): Promise<void> {
  const { answers, machine, output } = finish
  const reason = reasonAgainstMlx(machine)
  if (reason !== undefined) {
    output.warn(`Python is not set up: ${reason}`)
    return
  }
  output.say('\nSetting up Python ...')
  const failure = await setUpPython(answers, watched)
  progress.setup = failure === undefined ? 'done' : 'failed'
  if (failure !== undefined) {
    output.warn(`Python could not be set up: ${failure}. The project stays; ${leftToDo(finish, progress)}`)
  }
}

async function takeGitStep(finish: Finish, progress: Progress, watched: Watched): Promise<void> {
  const message = `Create ${finish.answers.name} with create-mlx-app ${finish.version}`
  const result = await makeRepository(message, watched.commands, watched)
  progress.git = result.state
  if (result.state === 'committed') finish.output.say('Made a git repository with one commit.')
  else if (result.state === 'initialised') finish.output.say(`Made a git repository: ${result.reason}.`)
  else finish.output.say(`No git repository: ${result.reason}.`)
}

function leftToDo({ answers }: Finish, progress: Progress): string {
  const commands = [
    ...(progress.install === 'done' ? [] : [`${answers.packageManager} install`]),
    ...(progress.setup === 'done' ? [] : [setupCommand(answers).map(quote).join(' ')]),
  ]
  return commands.length === 0 ? 'nothing is missing but git.' : `go on in it with: ${commands.join(' && ')}`
}
