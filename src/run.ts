import { type Arguments, readArguments } from './arguments.ts'
import { openTemplates } from './compose/open.ts'
import { CreateError, type ExitCode } from './errors.ts'
import { finishProject } from './finish.ts'
import { helpText, listing, listText } from './help.ts'
import { gitUserName } from './steps/author.ts'
import { nextCommands, reproducingCommand } from './steps/next.ts'
import { planProject } from './steps/plan.ts'
import { settleAnswers } from './steps/questions.ts'
import { writeProject } from './steps/write.ts'
import { askerOf } from './system/asker.ts'
import { detectAutomation } from './system/automation.ts'
import { type Interrupts, listenForInterrupts } from './system/interrupt.ts'
import { describeMachine, hintAboutNode } from './system/machine.ts'
import { type Output, standardOutput } from './system/output.ts'
import { pythonChoices } from './system/python-choices.ts'
import { type Style, styleFor } from './system/style.ts'
import { version } from './version.ts'

/**
 * Runs the tool.
 *
 * @param root folder of the bin: beside it lie the templates.
 * @returns the exit code.
 */
export async function run(argv: readonly string[], root: string): Promise<ExitCode> {
  const output = standardOutput(argv.includes('--json'))
  const interrupts = listenForInterrupts()
  try {
    return await act(argv, root, output, interrupts)
  } catch (error) {
    return report(error, output, await styleFor('stderr'))
  } finally {
    interrupts[Symbol.dispose]()
  }
}

async function act(
  argv: readonly string[],
  root: string,
  output: Output,
  interrupts: Interrupts,
): Promise<ExitCode> {
  const given = readArguments(argv, process.env)
  if (given.switches.has('version')) {
    output.say(version)
    output.result({ ok: true, version })
    return 0
  }
  if (given.switches.has('help') || given.switches.has('list')) {
    const list = given.switches.has('list') && !given.switches.has('help')
    output.say(list ? listText(describeMachine()) : helpText(version))
    output.result({ ok: true, ...listing(describeMachine()) })
    return 0
  }
  return await create(given, root, output, interrupts.signal)
}

async function create(
  given: Arguments,
  root: string,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const machine = describeMachine()
  const workingDirectory = process.cwd()
  const style = await styleFor(output.channel)
  const nodeHint = hintAboutNode(machine)
  if (nodeHint !== undefined) output.warn(style.faint(nodeHint))
  const automation = detectAutomation(process.env)
  const yes = given.switches.has('yes')
  if (automation !== undefined && !yes) output.say(`Run by ${automation}: nothing is asked, as with --yes.`)

  const { target, answers, defaults } = await settleAnswers(given, {
    environment: process.env,
    workingDirectory,
    machine,
    takeDefaults: yes || automation !== undefined,
    asker: async () => {
      if (!process.stdin.isTTY || !process[output.channel].isTTY) return undefined
      const { terminalAsker } = await import('./system/prompt.ts')
      return askerOf(terminalAsker(process[output.channel], signal))
    },
    pythonChoices: () => pythonChoices(process.env),
    userName: () => gitUserName(workingDirectory),
  })
  if (defaults.length > 0) output.say(style.faint(`Defaults taken: ${defaults.join(' ')}`))

  const files = await planProject(answers, await openTemplates(root), version)
  const command = reproducingCommand(
    target.path,
    answers,
    workingDirectory,
    version,
    (['no-install', 'no-git'] as const).filter((id) => given.switches.has(id)).map((id) => `--${id}`),
  )
  if (given.switches.has('dry-run')) {
    output.say(`Would write ${files.size} files into ${target.path}:`)
    for (const [path, bytes] of files) output.say(`  ${path} (${bytes.length} bytes)`)
    output.result({
      ok: true,
      dryRun: true,
      directory: target.path,
      answers,
      files: [...files.keys()],
      command,
    })
    return 0
  }

  const force = given.switches.has('force')
  const { overwritten } = await writeProject(target.path, files, { force, signal })
  output.say(style.strong(`Made ${answers.name} in ${target.path} (${files.size} files).`))
  if (overwritten.length > 0) output.say(`Overwrote: ${overwritten.join(', ')}`)

  const install = !given.switches.has('no-install')
  const git = !given.switches.has('no-git')
  let progress: Progress = { install: 'skipped', setup: 'skipped', git: 'skipped' }
  if (install || git || signal.aborted) {
    progress = await finishProject({
      target: target.path,
      answers,
      install,
      git,
      machine,
      output,
      signal,
      version,
    })
  }

  const left = { install: progress.install !== 'done', setup: progress.setup !== 'done' }
  const next = nextCommands(target.path, answers, workingDirectory, left)
  output.say(
    [
      '',
      'Next:',
      ...next.map((line) => `  ${style.command(line)}`),
      '',
      'The same again, without questions:',
      `  ${style.faint(command)}`,
    ].join('\n'),
  )
  const ok = progress.install !== 'failed' && progress.setup !== 'failed'
  output.result({
    ok,
    directory: target.path,
    version,
    answers,
    files: files.size,
    overwritten,
    ...progress,
    next,
    command,
  })
  return ok ? 0 : 1
}

/** How far the steps after writing came. */
export interface Progress {
  install: 'done' | 'skipped' | 'failed'
  setup: 'done' | 'skipped' | 'failed'
  git: 'committed' | 'initialised' | 'skipped' | 'failed'
}

/** Tells an error: a user's mistake without a stack, anything else as the bug of this tool that it is. */
function report(error: unknown, output: Output, style: Style): ExitCode {
  if (error instanceof CreateError) {
    output.warn([style.problem(error.message), ...error.hints].join('\n'))
    output.result({ ok: false, error: { name: error.name, message: error.message, hints: error.hints } })
    return error.exitCode
  }
  const text = error instanceof Error ? stackOf(error) : String(error)
  output.warn(`This is a bug of create-mlx-app ${version}; please report it with what follows.\n${text}`)
  output.result({ ok: false, error: { name: 'Bug', message: String(error), hints: [] } })
  return 1
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own
}
