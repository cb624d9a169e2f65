import { templateOf } from './choices.ts'
import type { Arguments } from './command-line/arguments.ts'
import { openTemplates } from './compose/open.ts'
import { CreateError, type ExitCode } from './errors.ts'
import { detectAutomation } from './machine/automation.ts'
import { gitUserName, userNameInGitConfig } from './machine/git-user.ts'
import { describeMachine, hintAboutNode, type Machine } from './machine/machine.ts'
import { findMonorepo } from './machine/monorepo.ts'
import { pythonChoices } from './machine/python-choices.ts'
import { hintAboutYarn } from './package-manager.ts'
import { leftToDo, type Progress, runAfterWrite } from './steps/after-write.ts'
import { type Decision, resolveAnswers } from './steps/answers.ts'
import { modelNotes } from './steps/model-notes.ts'
import type { RootChange } from './steps/monorepo.ts'
import { nextCommands, repeatCommand } from './steps/next-commands.ts'
import { planProject } from './steps/plan.ts'
import type { Output } from './terminal/output.ts'
import { createPrompter } from './terminal/prompter.ts'
import { loadStyle, type Style } from './terminal/style.ts'
import { version } from './version.ts'
import { changeFile } from './write/change-file.ts'
import { findOverwritten } from './write/existing-folder.ts'
import { writeProject } from './write/write-project.ts'

/** What the steps of one run share. */
interface Run {
  given: Arguments
  workingDirectory: string
  machine: Machine
  output: Output
  style: Style
  signal: AbortSignal
}

/**
 * Creates a project: resolves the answers, plans the files, writes them, installs, and prints the next steps.
 *
 * @param root folder of the bin, which has the templates.
 * @returns 0 on success, 1 if the project was created but installing or setup failed.
 */
export async function createProject(
  given: Arguments,
  root: string,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const run: Run = {
    given,
    workingDirectory: currentDirectory(),
    machine: describeMachine(),
    output,
    style: await loadStyle(output.channel),
    signal,
  }
  const decision = await decide(run)
  const { target, answers } = decision
  const files = await planProject(answers, await openTemplates(root), version)
  if (given.switches.has('dry-run')) return listFiles(run, decision, files)

  const install = !given.switches.has('no-install')
  const git = !given.switches.has('no-git')
  // Loaded before anything is written, so that an incomplete copy of this tool writes nothing.
  if (install || git) await import('./process/processes.ts')
  const force = given.switches.has('force')
  const undoChange = changeFile(decision.rootChange)
  let written: Awaited<ReturnType<typeof writeProject>>
  try {
    written = await writeProject(target.path, files, { force, signal })
  } catch (error) {
    undoChange()
    throw error
  }
  const { overwritten, left } = written
  output.say(run.style.strong(`Created ${answers.name} in ${target.path} (${files.size} files).`))
  if (overwritten.length > 0) output.say(`Overwrote: ${overwritten.join(', ')}`)
  if (decision.rootChange !== undefined) output.say(describeChange('Changed', decision.rootChange))
  if (left !== undefined) output.warn(`Could not remove a temporary folder: ${left}`)

  const progress = await runAfterWrite({
    target: target.path,
    answers,
    install,
    git,
    machine: run.machine,
    output,
    signal,
    version,
  })
  return conclude(run, decision, progress, { files: files.size, overwritten })
}

/** Resolves the answers, and prints hints and the defaults that were used. */
async function decide(run: Run): Promise<Decision> {
  const { given, workingDirectory, machine, output, style, signal } = run
  const nodeHint = hintAboutNode(machine)
  if (nodeHint !== undefined) output.warn(style.faint(nodeHint))
  const automation = detectAutomation(process.env)
  const yes = given.switches.has('yes')
  if (automation !== undefined && !yes) output.say(`Running under ${automation}: --yes is implied.`)
  const decision = await resolveAnswers(given, {
    environment: process.env,
    workingDirectory,
    machine,
    takeDefaults: yes || automation !== undefined,
    prompter: async () => {
      if (!process.stdin.isTTY || !process[output.channel].isTTY) return undefined
      const { createTerminalPrompter } = await import('./terminal/prompt.ts')
      return createPrompter(createTerminalPrompter(process[output.channel], signal))
    },
    pythonChoices: () => pythonChoices(process.env),
    findMonorepo,
    userName: async () =>
      given.switches.has('no-git') ? userNameInGitConfig(process.env) : await gitUserName(workingDirectory),
  })
  const yarnHint = hintAboutYarn(decision.answers.packageManager, process.env)
  if (yarnHint !== undefined) output.warn(style.faint(yarnHint))
  const { defaults } = decision
  if (defaults.length > 0) output.say(style.faint(`Using defaults: ${defaults.join(' ')}`))
  return decision
}

/** Prints what --dry-run would write. */
function listFiles(
  run: Run,
  { target, answers, defaults, rootChange }: Decision,
  files: ReadonlyMap<string, Uint8Array>,
): ExitCode {
  const overwritten = findOverwritten(target.path, files)
  const lines = [...files].map(([path, bytes]) => `  ${path} (${bytes.length} bytes)`)
  run.output.say([`Would write ${files.size} files to ${target.path}:`, ...lines].join('\n'))
  if (overwritten.length > 0) run.output.say(`Would overwrite: ${overwritten.join(', ')}`)
  if (rootChange !== undefined) run.output.say(describeChange('Would change', rootChange))
  const command = repeatRun(run, { target, answers })
  run.output.result({
    ok: true,
    dryRun: true,
    directory: target.path,
    answers,
    defaults,
    files: [...files.keys()],
    overwritten,
    changed: changedFiles(rootChange),
    command,
  })
  return 0
}

/** Prints the next steps and the result. */
function conclude(
  run: Run,
  { target, answers, defaults, known, rootChange }: Decision,
  progress: Progress,
  written: { files: number; overwritten: readonly string[] },
): ExitCode {
  const left = {
    ...leftToDo(answers, progress),
    start: known === undefined || templateOf(answers.template).modelTasks.includes(known.task),
  }
  const next = nextCommands(target.path, answers, run.workingDirectory, left, process.env)
  const command = repeatRun(run, { target, answers })
  const notes = modelNotes(known, answers, run.workingDirectory)
  const { output, style } = run
  output.say(
    [
      '',
      'Next steps:',
      ...next.map((line) => `  ${style.command(line)}`),
      ...(notes.length > 0 ? ['', ...notes] : []),
      '',
      'To repeat this without prompts:',
      `  ${style.faint(command)}`,
    ].join('\n'),
  )
  const ok = progress.install !== 'failed' && progress.setup !== 'failed'
  const changed = changedFiles(rootChange)
  const result = { ok, directory: target.path, version, answers, defaults, ...written, changed, ...progress }
  output.result({ ...result, next, notes, command })
  return ok ? 0 : 1
}

const describeChange = (verb: string, { path, what }: RootChange): string => `${verb} ${path}: ${what}.`

/** The files outside the project that were changed. */
const changedFiles = (change: RootChange | undefined): string[] => (change === undefined ? [] : [change.path])

function repeatRun(run: Run, { target, answers }: Pick<Decision, 'target' | 'answers'>): string {
  const { given, workingDirectory } = run
  return repeatCommand(target.path, answers, workingDirectory, version, given.switches, process.env)
}

/** @throws CreateError if the folder that the command runs in has been removed. */
function currentDirectory(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new CreateError('The current folder no longer exists.', {
      hints: ['Change to another folder and run the command again.'],
      cause,
    })
  }
}
