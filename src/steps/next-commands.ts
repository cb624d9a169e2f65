import { isAbsolute, relative } from 'node:path'
import { type Answers, templateOf } from '../choices.ts'
import { answerFlags } from '../command-line/answer-flags.ts'
import { allSwitchOptions, type SwitchId } from '../command-line/options.ts'
import { quote } from '../command-line/quote.ts'
import {
  createCommand,
  invokingPackageManager,
  quietStartCommand,
  scriptCommand,
  setupCommand,
} from '../package-manager.ts'
import { exportCommands, pythonInstallSteps, pythonRunCommand } from '../python-project.ts'

/** Returns the commands that the user can run next in a new project, in order. */
export function nextCommands(
  target: string,
  answers: Answers,
  workingDirectory: string,
  left: { install: boolean; setup: boolean; start: boolean },
  environment: NodeJS.ProcessEnv,
): string[] {
  const folder = displayPath(target, workingDirectory)
  return [
    ...(folder === '.' ? [] : [`cd ${quote(folder)}`]),
    ...finishCommands(answers, left, environment),
    ...(left.start ? startCommands(answers, environment) : []),
  ]
}

/** Returns the commands that start a project, and that ask it a question if it takes one. */
function startCommands(answers: Answers, environment: NodeJS.ProcessEnv): string[] {
  const { packageManager: manager, template } = answers
  const question = '"Who are you?"'
  if (manager === undefined) {
    const command = pythonRunCommand(answers, environment).join(' ')
    return [`${command} ask ${question}`, `${command} serve`]
  }
  return [
    scriptCommand(manager, 'start').join(' ').replace('npm run start', 'npm start'),
    ...(templateOf(template).takesQuestion ? [`${quietStartCommand(manager).join(' ')} ${question}`] : []),
  ]
}

/** Returns the commands that complete a project whose packages or Python are missing. */
export function finishCommands(
  answers: Answers,
  left: { install: boolean; setup: boolean },
  environment: NodeJS.ProcessEnv,
): string[] {
  const { packageManager } = answers
  const install =
    packageManager === undefined
      ? [
          ...pythonInstallSteps(answers, environment).map(({ command }) => command),
          ...exportCommands(answers, environment),
        ]
      : [[packageManager, 'install']]
  const commands = [...(left.install ? install : []), ...(left.setup ? [setupCommand(answers)] : [])]
  return commands.map((words) => words.map(quote).join(' '))
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
    ...createCommand(
      answers.packageManager ?? invokingPackageManager(environment) ?? 'npm',
      version,
      environment,
    ),
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
  if (path.startsWith('..') || isAbsolute(path)) return target
  // A name with a dash would be a flag, and one with @ and / a name with a scope.
  return /^[-@]/.test(path) ? `./${path}` : path
}
