import { isAbsolute, relative } from 'node:path'
import { type Answers, templateOf } from '../choices.ts'
import { answerFlags } from '../command-line/answer-flags.ts'
import { allSwitchOptions, type SwitchId } from '../command-line/options.ts'
import { quote } from '../command-line/quote.ts'
import { createCommand, quietStartCommand, scriptCommand, setupCommand } from '../package-manager.ts'

/** Returns the commands that the user can run next in a new project, in order. */
export function nextCommands(
  target: string,
  answers: Answers,
  workingDirectory: string,
  left: { install: boolean; setup: boolean; start: boolean },
): string[] {
  const manager = answers.packageManager
  const folder = displayPath(target, workingDirectory)
  return [
    ...(folder === '.' ? [] : [`cd ${quote(folder)}`]),
    ...finishCommands(answers, left),
    ...(left.start ? [scriptCommand(manager, 'start').join(' ').replace('npm run start', 'npm start')] : []),
    ...(left.start && templateOf(answers.template).takesQuestion
      ? [`${quietStartCommand(manager).join(' ')} "Who are you?"`]
      : []),
  ]
}

/** Returns the commands that complete a project whose packages or Python are missing. */
export function finishCommands(answers: Answers, left: { install: boolean; setup: boolean }): string[] {
  return [
    ...(left.install ? [`${answers.packageManager} install`] : []),
    ...(left.setup ? [setupCommand(answers).map(quote).join(' ')] : []),
  ]
}

/** Returns the command that creates the same project without prompts, with this version of the tool. */
export function repeatCommand(
  target: string,
  answers: Answers,
  workingDirectory: string,
  version: string,
  switches: ReadonlySet<SwitchId>,
  environment: NodeJS.ProcessEnv,
): string {
  const repeated = allSwitchOptions.filter(({ id, isRepeated }) => isRepeated && switches.has(id))
  return [
    ...createCommand(answers.packageManager, version, environment),
    quote(displayPath(target, workingDirectory)),
    '--yes',
    ...answerFlags(answers),
    ...repeated.map(({ flag }) => flag),
  ].join(' ')
}

/** Returns a path in the form that is shortest to type in the working directory. */
export function displayPath(target: string, workingDirectory: string): string {
  const path = relative(workingDirectory, target)
  if (path === '') return '.'
  return path.startsWith('..') || isAbsolute(path) ? target : path
}
