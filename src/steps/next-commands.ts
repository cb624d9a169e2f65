import { isAbsolute, relative } from 'node:path'
import { type Answers, templateOf } from '../choices.ts'
import { quote } from '../command-line/quote.ts'
import { createCommand, quietStartCommand, scriptCommand, setupCommand } from '../package-manager.ts'

/** What is left for the user to do in a new project, as command lines, in order. */
export function nextCommands(
  target: string,
  answers: Answers,
  workingDirectory: string,
  left: { install: boolean; setup: boolean },
): string[] {
  const manager = answers.packageManager
  const folder = displayPath(target, workingDirectory)
  return [
    ...(folder === '.' ? [] : [`cd ${quote(folder)}`]),
    ...(left.install ? [`${manager} install`] : []),
    ...(left.setup ? [setupCommand(answers).map(quote).join(' ')] : []),
    scriptCommand(manager, 'start').join(' ').replace('npm run start', 'npm start'),
    ...(templateOf(answers.template).takesQuestion
      ? [`${quietStartCommand(manager).join(' ')} "Who are you?"`]
      : []),
  ]
}

/** The command that makes the same project without a question, with this version of the tool. */
export function repeatCommandLine(
  target: string,
  answers: Answers,
  workingDirectory: string,
  version: string,
  switches: readonly string[],
  environment: NodeJS.ProcessEnv,
): string {
  return [
    ...createCommand(answers.packageManager, version, environment),
    displayPath(target, workingDirectory),
    '--yes',
    ...['--name', answers.name],
    ...['--template', answers.template],
    ...['--model', answers.model],
    ...(answers.features === undefined ? [] : ['--with', answers.features.join(',')]),
    ...(answers.env === undefined ? [] : ['--env', answers.env]),
    ...(answers.pythonPath === undefined ? [] : ['--python-path', answers.pythonPath]),
    ...['--package-manager', answers.packageManager],
    ...['--author', answers.author],
    ...switches,
  ]
    .map(quote)
    .join(' ')
}

/** The path as it is shortest to type from here. */
export function displayPath(target: string, workingDirectory: string): string {
  const path = relative(workingDirectory, target)
  if (path === '') return '.'
  return path.startsWith('..') || isAbsolute(path) ? target : path
}
