import type { Answers } from '../options.ts'
import { scriptCommand } from '../system/package-manager.ts'
import { type CommandOptions, runCommand } from '../system/processes.ts'

/** The command that sets up Python in a project made with these answers. */
export function setupCommand(answers: Pick<Answers, 'packageManager' | 'env'>): string[] {
  return scriptCommand(
    answers.packageManager,
    'setup',
    answers.env === undefined ? [] : ['--env', answers.env],
  )
}

/** Sets up Python by the project's own script. @returns why it failed; undefined when it did not. */
export function setUpPython(
  answers: Pick<Answers, 'packageManager' | 'env'>,
  options: CommandOptions,
): Promise<string | undefined> {
  return runCommand(setupCommand(answers), options)
}
