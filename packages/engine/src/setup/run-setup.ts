import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { EngineError } from '../engine/index.ts'
import {
  type EnvironmentRecord,
  findInterpreter,
  findProject,
  type Project,
  pythonFromVariable,
  readEnvironmentRecord,
  scriptCommand,
} from '../engine/project/index.ts'
import { pythonDirectory, wheelPath } from '../package-files.ts'
import { release } from '../release.ts'
import type { SetupContext, SetupOptions, SetupResult } from './context.ts'
import { buildEnvironment } from './environment/build-environment.ts'
import { writeEnvironmentRecord } from './environment/environment-record.ts'
import { environmentParts, recoverFormer } from './environment/former.ts'
import { checkMlx, describeMlx } from './environment/mlx-check.ts'
import { withoutOwnEnvironment } from './environment/own-environment.ts'
import { packageRecord, unpackWheel } from './environment/python-package.ts'
import { findPythonProject, syncPythonProject } from './environment/python-project.ts'
import { uvFolder } from './machine/find-programs.ts'
import { refusalError } from './machine/platform-support.ts'
import { inspectMachine } from './plan/inspect-machine.ts'
import {
  findMissingLock,
  type LockSet,
  lockedMlxLm,
  lockHash,
  lockSetFor,
  parseLockSet,
} from './plan/locks.ts'
import { type ExistingPlan, findReadyPython, isRefusal, planSetup } from './plan/plan.ts'
import { findVersionProblem } from './plan/required-packages.ts'
import { childEnvironment, throwIfInterrupted } from './process/child-process.ts'
import { withProcessLock } from './process/process-lock.ts'

/**
 * Creates, repairs or checks the Python environment of a project, and records which Python the engine uses. It is
 * quick if nothing has changed. If it fails or is interrupted, it leaves no partial environment behind.
 *
 * @throws EngineError with the next command to run.
 */
export async function setUp(
  project: Project,
  options: SetupOptions,
  context: SetupContext,
): Promise<SetupResult> {
  const { terminal, signal } = context
  // A Python that MLX_PYTHON names is used only if the user doesn't ask for another method.
  const keepsPath = options.method === 'uv' || options.method === 'pip' ? false : undefined
  const environment = childEnvironment(
    withoutOwnEnvironment(context.environment, project),
    project,
    keepsPath,
  )
  const childContext = { ...context, environment, uvConfigFile: context.environment.UV_CONFIG_FILE }
  return await withProcessLock(
    project,
    async () => await setUpWithLock(project, options, childContext),
    (processId, path) =>
      terminal.note(`Waiting for another setup of this project to finish (process ${processId}, ${path}).`),
    signal,
  )
}

async function setUpWithLock(
  project: Project,
  options: SetupOptions,
  context: SetupContext,
): Promise<SetupResult> {
  const { environment, terminal } = context
  await recoverFormer(project, environmentParts(project))
  // The environment itself stays until the new one works.
  if (options.fresh) await rm(uvFolder(project), { recursive: true, force: true })
  const record = options.fresh ? undefined : readEnvironmentRecord(project)
  const pythonProject = findPythonProject(project)
  if (
    pythonProject !== undefined &&
    options.method !== 'existing' &&
    pythonFromVariable(environment) === undefined
  ) {
    return await syncPythonProject(project, pythonProject, options, record, context)
  }
  const set = chooseLockSet(options, record)
  requirePackageFiles(set)
  const current = await findCurrentEnvironment(project, options, record, set, context)
  if (typeof current === 'object') return current

  const input = await inspectMachine(project, { ...options, cuda: parseLockSet(set).cuda }, environment)
  await throwIfInterrupted(context.signal)
  const plan = planSetup(input)
  if (isRefusal(plan)) throw refusalError(plan)
  if (plan.method === 'existing') {
    const result = await useExistingPython(project, plan, context)
    if (options.fresh) await rm(project.virtualEnvironment, { recursive: true, force: true })
    return result
  }

  const ready = findReadyPython(input)
  if (ready !== undefined && options.method === undefined) {
    const found = ready.packages['mlx-app'] === null ? 'mlx-lm' : 'mlx-app'
    const command = input.commandForMethod('existing')
    terminal.note(`${ready.path} already has ${found}. To use that Python instead, run: ${command}`)
  }
  const rebuild = options.python !== undefined || options.fresh || current === 'broken'
  const python = await buildEnvironment(project, plan, { set, record, rebuild }, context)
  const variable = pythonFromVariable(environment)
  if (variable !== undefined) {
    const { by, path } = variable
    terminal.note(`${by} is set, so the app uses ${path} instead of this environment.`)
  }
  return { python, upToDate: false }
}

function requirePackageFiles(set: LockSet): void {
  const missingWheel = wheelPath === undefined || existsSync(wheelPath) ? undefined : wheelPath
  const missing = findMissingLock(pythonDirectory, set) ?? missingWheel
  if (missing === undefined) return
  throw new EngineError('SETUP_NEEDED', `The package mlx-app is damaged: ${missing} is missing.`, {
    hint: 'Install the packages of this project again. If you bundle your program, keep mlx-app out of the bundle to run setup from it',
  })
}

/** Checks a Python that has all packages, and records it. It doesn't install anything into it. */
async function useExistingPython(
  project: Project,
  { python: { path: python, packages }, by }: ExistingPlan,
  { environment, terminal, signal }: SetupContext,
): Promise<SetupResult> {
  const report = await checkMlx(python, project.config.device, environment)
  await throwIfInterrupted(signal)
  if ('problem' in report) {
    throw new EngineError('MLX_NOT_WORKING', `MLX does not work in ${python}: ${report.problem}`, {
      hint: `Fix that Python, or remove the setting that names it and run: ${scriptCommand('setup', environment)}`,
    })
  }
  const origin = by === 'VIRTUAL_ENV' ? ' of the active virtual environment' : by && ` from ${by}`
  terminal.done(`Using the existing Python ${report.python}${origin ?? ''} (${python})`)
  terminal.done(describeMlx(report))
  const installed = packages['mlx-app']
  if (installed !== null) terminal.done(`It has mlx-app ${installed}, so setup creates no environment`)
  const site = installed === null ? await unpackWheel(project, python, environment) : undefined
  await writeEnvironmentRecord(project, {
    method: 'existing',
    python,
    ...packageRecord(),
    ...(site !== undefined && { site }),
  })
  return { python, upToDate: false }
}

/**
 * Whether the project has been set up with this version. `mlx-app doctor` checks whether the environment works.
 *
 * @throws EngineError PYTHON_NOT_FOUND if MLX_PYTHON names a Python that doesn't exist.
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

/** Returns the set for what the user asks for and what an earlier setup installed, because setup removes nothing. */
function chooseLockSet(options: SetupOptions, record: EnvironmentRecord | undefined): LockSet {
  const before = parseLockSet(record?.set)
  return lockSetFor({
    dev: options.dev || before.dev,
    cuda: options.cuda || before.cuda,
    vision: options.vision || before.vision,
  })
}

/** Returns the recorded environment if it works, has the locked packages and is what the user asks for; or that it is broken. */
async function findCurrentEnvironment(
  project: Project,
  options: SetupOptions,
  record: EnvironmentRecord | undefined,
  set: LockSet,
  { environment, terminal, signal }: SetupContext,
): Promise<SetupResult | 'broken' | undefined> {
  if (record === undefined || options.python !== undefined) return undefined
  if (options.method !== undefined && options.method !== record.method) return undefined
  if (options.method === undefined && pythonFromVariable(environment) !== undefined) return undefined
  if (record.method !== 'existing' && record.lock !== lockHash(pythonDirectory, set)) return undefined
  if (record.wheel !== packageRecord().wheel) return undefined
  const report = await checkMlx(record.python, project.config.device, environment)
  await throwIfInterrupted(signal)
  if ('problem' in report) {
    terminal.note(`${record.python} no longer works: ${report.problem}`)
    return 'broken'
  }
  const isMissing = report.mlxApp === null && record.site === undefined && release !== undefined
  const problem = isMissing
    ? 'mlx-app is not installed anymore'
    : findVersionProblem(report, { mlxLm: lockedMlxLm(), mlxApp: release?.version })
  if (problem !== undefined) {
    terminal.note(`${record.python}: ${problem}.`)
    return undefined
  }
  terminal.done(describeMlx(report))
  return { python: record.python, upToDate: true }
}
