import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { EngineError } from '../engine/index.ts'
import { findInterpreter, findProject, type Project, scriptCommand } from '../engine/project/index.ts'
import { pythonDirectory, wheelPath } from '../package-files.ts'
import type { SetupOptions } from './commands/setup-flags.ts'
import { buildEnvironment } from './environment/build-environment.ts'
import { readRecord, removeRecord, type SetupRecord, writeRecord } from './environment/environment-record.ts'
import { describeMlx, verify } from './environment/mlx-check.ts'
import { installed, siteFolder, unpackWheel } from './environment/python-package.ts'
import { findPythonProject, syncPythonProject } from './environment/python-project.ts'
import type { Python } from './machine/interpreter.ts'
import { refusalError } from './machine/platform-support.ts'
import { inspectMachine, lockedMlxLm, pythonFromVariable, uvFolder } from './plan/inspect-machine.ts'
import { findMissingLock, type LockSet, lockHash, lockSetFor, parseLockSet } from './plan/locks.ts'
import { findReadyPython, isRefusal, planSetup } from './plan/plan.ts'
import { childEnvironment, throwIfInterrupted } from './process/child-process.ts'
import { withProcessLock } from './process/process-lock.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What the set-up needs of the world. */
export interface SetupContext {
  environment: NodeJS.ProcessEnv
  terminal: Terminal
  signal?: AbortSignal | undefined
}

/** What a set-up ended with. */
export interface SetupResult {
  /** Absolute path of the interpreter that the engine will use. */
  python: string
  /** True when everything was there already. */
  upToDate: boolean
}

/**
 * Makes, mends or checks the Python environment of a project, and writes down which Python it is. It is quick when
 * nothing has changed. What fails or is interrupted leaves no environment that is half there.
 *
 * @throws EngineError that says what is in the way and the next command.
 */
export async function setUp(
  project: Project,
  options: SetupOptions,
  context: SetupContext,
): Promise<SetupResult> {
  const { terminal, signal } = context
  const childContext = { ...context, environment: childEnvironment(context.environment, project) }
  return await withProcessLock(
    project,
    async () => await setUpAlone(project, options, childContext),
    (processId, path) =>
      terminal.note(`Waiting for another set-up of this project (process ${processId}, ${path}).`),
    signal,
  )
}

async function setUpAlone(
  project: Project,
  options: SetupOptions,
  context: SetupContext,
): Promise<SetupResult> {
  const { environment, terminal } = context
  if (options.fresh) await removeEverything(project)
  const record = readRecord(project)
  const pythonProject = findPythonProject(project)
  if (
    pythonProject !== undefined &&
    options.way !== 'existing' &&
    pythonFromVariable(environment) === undefined
  ) {
    return await syncPythonProject(project, pythonProject, options, record, context)
  }
  const set = chooseLockSet(options, record)
  const absentWheel = wheelPath === undefined || existsSync(wheelPath) ? undefined : wheelPath
  const absent = findMissingLock(pythonDirectory, set) ?? absentWheel
  if (absent !== undefined) {
    throw new EngineError('SETUP_NEEDED', `The package mlx-app is damaged: ${absent} is missing.`, {
      hint: 'Install the packages of this project again. A program that was bundled runs the set-up only where mlx-app is not in the bundle',
    })
  }
  const current = await findCurrentEnvironment(project, options, record, set, context)
  if (current !== undefined) return current

  const situation = await inspectMachine(project, { ...options, cuda: parseLockSet(set).cuda }, environment)
  await throwIfInterrupted(context.signal)
  const plan = planSetup(situation)
  if (isRefusal(plan)) throw refusalError(plan)
  if (plan.way === 'existing') return await useExistingPython(project, plan.python, context)

  const better = findReadyPython(situation)
  if (better !== undefined && options.way === undefined) {
    const found = better.packages['mlx-app'] === null ? 'mlx-lm' : 'mlx-app'
    terminal.note(
      `${better.path} has ${found} already: ${situation.commandForMethod('existing')} uses it as it is.`,
    )
  }
  const anew = options.python !== undefined
  const python = await buildEnvironment(project, plan, { set, record, anew }, context)
  const variable = pythonFromVariable(environment)
  if (variable !== undefined) {
    terminal.note(`${variable.by} is set: the app runs ${variable.path}, and not this, until you unset it.`)
  }
  return { python, upToDate: false }
}

/** Checks a Python that has everything, and records it. Nothing is installed into it. */
async function useExistingPython(
  project: Project,
  { path: python, packages }: Python,
  { environment, terminal, signal }: SetupContext,
): Promise<SetupResult> {
  const verdict = await verify(python, project.config.device, environment)
  await throwIfInterrupted(signal)
  if ('problem' in verdict) {
    throw new EngineError('MLX_NOT_WORKING', `MLX does not work in ${python}: ${verdict.problem}`, {
      hint: `Correct that Python, or unset what names it and run: ${scriptCommand('setup', environment)}`,
    })
  }
  terminal.done(`Python ${verdict.python} (${python}), used as it is`)
  terminal.done(describeMlx(verdict))
  const own = packages['mlx-app']
  if (own !== null) terminal.done(`The package mlx-app ${own} that is installed there`)
  const site = own === null ? await unpackWheel(project, python, environment) : undefined
  await writeRecord(project, { way: 'existing', python, ...installed(), ...(site !== undefined && { site }) })
  return { python, upToDate: false }
}

/**
 * Whether the engine finds an environment of this version; whether that works is the doctor's to say.
 *
 * @throws EngineError PYTHON_NOT_FOUND where MLX_PYTHON names one that does not exist.
 */
export function isSetUp(project: Project = findProject()): boolean {
  try {
    findInterpreter(project)
    return true
  } catch (error) {
    if (EngineError.isInstance(error) && error.code === 'SETUP_NEEDED') return false
    throw error
  }
}

/** What was asked for, with what an earlier set-up added: a later one takes nothing away. */
function chooseLockSet(options: SetupOptions, record: SetupRecord | undefined): LockSet {
  const before = parseLockSet(record?.set)
  return lockSetFor({
    dev: options.dev || before.dev,
    cuda: options.cuda || before.cuda,
    vision: options.vision || before.vision,
  })
}

/** The recorded environment, when it is the one that is asked for, from these very locks, and works. */
async function findCurrentEnvironment(
  project: Project,
  options: SetupOptions,
  record: SetupRecord | undefined,
  set: LockSet,
  { environment, terminal, signal }: SetupContext,
): Promise<SetupResult | undefined> {
  if (record === undefined || options.python !== undefined) return undefined
  if (options.way !== undefined && options.way !== record.way) return undefined
  if (options.way === undefined && pythonFromVariable(environment) !== undefined) return undefined
  if (record.way !== 'existing' && record.lock !== lockHash(pythonDirectory, set)) return undefined
  if (record.wheel !== installed().wheel) return undefined
  const verdict = await verify(record.python, project.config.device, environment)
  await throwIfInterrupted(signal)
  if ('problem' in verdict) {
    terminal.note(`${record.python} no longer works: ${verdict.problem}`)
    if (record.way !== 'existing') await removeEnvironment(project)
    return undefined
  }
  const locked = lockedMlxLm()
  if (verdict.mlxLm !== locked) {
    terminal.note(`${record.python} has mlx-lm ${verdict.mlxLm}, and the app needs ${locked}.`)
    return undefined
  }
  terminal.done(describeMlx(verdict))
  return { python: record.python, upToDate: true }
}

async function removeEnvironment(project: Project): Promise<void> {
  await removeRecord(project)
  await rm(project.virtualEnvironment, { recursive: true, force: true })
}

async function removeEverything(project: Project): Promise<void> {
  await removeEnvironment(project)
  await rm(uvFolder(project), { recursive: true, force: true })
  await rm(siteFolder(project), { recursive: true, force: true })
}
