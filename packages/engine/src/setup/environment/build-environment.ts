import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { EngineError } from '../../engine/index.ts'
import { interpreterIn, type Project, scriptWithArguments } from '../../engine/project/index.ts'
import { pythonDirectory, wheelPath } from '../../package-files.ts'
import { describePython, incompatibility, isBroken, pythonVersion } from '../machine/interpreter.ts'
import { uvFolder } from '../plan/inspect-machine.ts'
import { type LockSet, lockFiles, lockHash, parseLockSet, uvLock } from '../plan/locks.ts'
import type { PipPlan, UvPlan } from '../plan/plan.ts'
import { throwIfInterrupted } from '../process/child-process.ts'
import type { SetupContext } from '../run-setup.ts'
import { copyPackageFiles } from './copy-package-files.ts'
import { removeRecord, type SetupRecord, writeRecord } from './environment-record.ts'
import { describeMlx, verify } from './mlx-check.ts'
import { createEnvironmentWithPip, installWheelWithPip, installWithPip } from './pip.ts'
import { installed } from './python-package.ts'
import { createEnvironmentWithUv, fetchUv, installWheelWithUv, installWithUv, type Run } from './uv.ts'
import { warmUp } from './warm-up.ts'

export interface BuildOptions {
  /** The locks to install. */
  set: LockSet
  /** What the last set-up recorded. */
  record: SetupRecord | undefined
  /** Make the environment anew even if there is one. */
  anew: boolean
}

/**
 * Makes the virtual environment or brings the one that is there up to date, has MLX compute in it, and then records
 * it. One that it made is removed again when anything fails.
 *
 * @returns the absolute path of the interpreter.
 * @throws EngineError
 */
export async function buildEnvironment(
  project: Project,
  plan: UvPlan | PipPlan,
  options: BuildOptions,
  context: SetupContext,
): Promise<string> {
  const { environment, terminal } = context
  const tool = await toolFor(project, plan, context)
  const locks = lockFiles(pythonDirectory, options.set)
  const wheels = wheelPath === undefined ? [] : [wheelPath]
  await using copied = await copyPackageFiles(project, [...locks, ...wheels])
  const { virtualEnvironment } = project
  const python = interpreterIn(virtualEnvironment)
  await removeRecord(project)
  const reused = await reusable(virtualEnvironment, tool.way, options, environment)
  if (!reused) await rm(virtualEnvironment, { recursive: true, force: true })
  try {
    if (!reused) await tool.make()
    const made = await describePython(python, environment)
    if (isBroken(made)) throw broken(`${python}: ${made.problem}`, environment)
    const place = relative(project.root, virtualEnvironment)
    terminal.done(`Python ${pythonVersion(made)} in ${place}${reused ? ', kept' : ''}`)
    await tool.install(lockFiles(copied.directory, options.set))
    for (const wheel of wheels) await tool.installWheel(join(copied.directory, basename(wheel)))
    terminal.done(`Packages of ${lockFiles('', options.set).join(' and ')}`)
    const verdict = await verify(python, project.config.device, environment)
    await throwIfInterrupted(context.signal)
    if ('problem' in verdict) throw broken(`MLX does not work in ${place}: ${verdict.problem}`, environment)
    terminal.done(describeMlx(verdict))
    const start = await warmUp(python, project, environment)
    await throwIfInterrupted(context.signal)
    if ('problem' in start) throw broken(`mlx-lm does not work in ${place}: ${start.problem}`, environment)
    if (start.worker !== undefined) terminal.note(`The worker does not start: ${start.worker}`)
    const lock = lockHash(pythonDirectory, options.set)
    await writeRecord(project, { way: tool.way, python, lock, set: options.set, ...installed() })
    return python
  } catch (error) {
    if (!reused) await rm(virtualEnvironment, { recursive: true, force: true })
    throw error
  }
}

interface Tool {
  way: 'uv' | 'pip'
  make(): Promise<void>
  install(locks: string[]): Promise<void>
  installWheel(wheel: string): Promise<void>
}

async function toolFor(project: Project, plan: UvPlan | PipPlan, context: SetupContext): Promise<Tool> {
  if (plan.way === 'pip') return pipTool(plan, project.virtualEnvironment, runOf(project, context), context)
  const run = runOf(project, context)
  const { otherwise } = plan
  try {
    const uv = await uvFor(project, plan, context)
    return uvTool(uv, plan.python, project.virtualEnvironment, run)
  } catch (error) {
    const unavailable = EngineError.isInstance(error) && error.code === 'DOWNLOAD_FAILED'
    if (!unavailable || otherwise === undefined) throw error
    context.terminal.note(`${error.message} pip takes its place.`)
    return pipTool(otherwise, project.virtualEnvironment, run, context)
  }
}

/**
 * The uv of a plan: one that is there, or one that is fetched now.
 *
 * @returns its path.
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function uvFor(project: Project, { uv }: UvPlan, context: SetupContext): Promise<string> {
  if ('path' in uv) {
    context.terminal.done(`uv (${uv.path})`)
    return uv.path
  }
  const { through } = uv
  await using copied = await copyPackageFiles(project, [join(pythonDirectory, uvLock)])
  const lock = join(copied.directory, uvLock)
  const path = await fetchUv(through, uvFolder(project), lock, runOf(project, context))
  context.terminal.done(`uv, fetched by the pip of ${through.path} (Python ${pythonVersion(through)})`)
  return path
}

export function runOf(project: Project, { environment, signal }: SetupContext): Run {
  return { environment, directory: project.root, signal }
}

function uvTool(uv: string, python: string, virtualEnvironment: string, run: Run): Tool {
  return {
    way: 'uv',
    make: async () => await createEnvironmentWithUv(uv, python, virtualEnvironment, run),
    install: async (locks) => await installWithUv(uv, interpreterIn(virtualEnvironment), locks, run),
    installWheel: async (wheel) =>
      await installWheelWithUv(uv, interpreterIn(virtualEnvironment), wheel, run),
  }
}

function pipTool(
  { python }: PipPlan,
  virtualEnvironment: string,
  run: Run,
  { terminal }: SetupContext,
): Tool {
  terminal.done(`pip of ${python.path} (Python ${pythonVersion(python)})`)
  return {
    way: 'pip',
    make: async () => await createEnvironmentWithPip(python, virtualEnvironment, run),
    install: async (locks) => await installWithPip(virtualEnvironment, locks, run),
    installWheel: async (wheel) => await installWheelWithPip(virtualEnvironment, wheel, run),
  }
}

/** Whether the environment that lies there can be brought up to date in place. */
async function reusable(
  virtualEnvironment: string,
  way: Tool['way'],
  { set, record, anew }: BuildOptions,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const interpreter = interpreterIn(virtualEnvironment)
  if (anew || !existsSync(interpreter)) return false
  // The CPU's and NVIDIA's libraries overwrite each other; without a record nobody knows which ones are there.
  if (parseLockSet(set).cuda !== parseLockSet(record?.set).cuda) return false
  const python = await describePython(interpreter, environment)
  if (isBroken(python) || incompatibility(python, process.platform) !== undefined) return false
  return way === 'uv' || python.pip
}

function broken(message: string, environment: NodeJS.ProcessEnv): EngineError {
  return new EngineError('MLX_NOT_WORKING', message, {
    hint: `Start from a clean slate: ${scriptWithArguments('setup', '--fresh', environment)}`,
  })
}
