import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { EngineError } from '../../engine/index.ts'
import {
  type EnvironmentRecord,
  interpreterIn,
  type Project,
  scriptWithArguments,
} from '../../engine/project/index.ts'
import { pythonDirectory, wheelPath } from '../../package-files.ts'
import type { SetupContext } from '../context.ts'
import { describePython, isCompatible, pythonVersion } from '../machine/interpreter.ts'
import { type LockSet, lockFiles, lockHash, parseLockSet } from '../plan/locks.ts'
import type { PipPlan, UvPlan } from '../plan/plan.ts'
import { type ProcessOptions, processOptions } from '../process/child-process.ts'
import { copyPackageFiles } from './copy-package-files.ts'
import { writeEnvironmentRecord } from './environment-record.ts'
import { environmentParts, withFormerSetAside } from './former.ts'
import { checkMlx } from './mlx-check.ts'
import { obtainUv } from './obtain-uv.ts'
import { createEnvironmentWithPip, installWheelWithPip, installWithPip } from './pip.ts'
import { packageRecord } from './python-package.ts'
import { createEnvironmentWithUv, installWheelWithUv, installWithUv } from './uv.ts'
import { verifyMlx, verifyPython, warmUpEnvironment } from './verify-environment.ts'

export interface BuildOptions {
  /** The packages to install. */
  set: LockSet
  /** What the last setup recorded. */
  record: EnvironmentRecord | undefined
  /** Create the environment again even if it exists. */
  rebuild: boolean
}

/**
 * Creates the virtual environment, or updates the existing one, and records it once MLX works in it. If anything fails,
 * the environment that was there stays.
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
  let installer = await chooseInstaller(project, plan, context)
  const locks = lockFiles(pythonDirectory, options.set)
  const wheels = wheelPath === undefined ? [] : [wheelPath]
  await using copies = await copyPackageFiles(project, [...locks, ...wheels])
  const { virtualEnvironment } = project
  const python = interpreterIn(virtualEnvironment)
  const folder = relative(project.root, virtualEnvironment)
  const hint = `To create it again, run: ${scriptWithArguments('setup', '--fresh', environment)}`
  const created = { python, folder, hint }
  const reused = await canReuse(virtualEnvironment, installer.method, options, environment)
  const build = async () => {
    if (!reused) installer = await createEnvironment(installer, project, plan, context)
    const version = pythonVersion(await verifyPython(created, context))
    terminal.done(`Python ${version} in ${folder}${reused ? ' (kept)' : ''}`)
    await installer.install(lockFiles(copies.directory, options.set))
    for (const wheel of wheels) await installer.installWheel(join(copies.directory, basename(wheel)))
    terminal.done(`Packages from ${lockFiles('', options.set).join(' and ')}`)
    await verifyMlx(created, project, context)
    await warmUpEnvironment(created, project, context)
    await writeEnvironmentRecord(project, {
      method: installer.method,
      python,
      lock: lockHash(pythonDirectory, options.set),
      set: options.set,
      ...packageRecord(),
    })
    return python
  }
  try {
    return await withFormerSetAside(project, reused ? [] : environmentParts(project), build)
  } catch (error) {
    // The update may have ended between two packages.
    if (reused && !(await isComplete(python, project, environment))) {
      await rm(project.environmentFile, { force: true })
    }
    throw error
  }
}

/** Whether MLX and the package mlx-app work in an environment. */
async function isComplete(
  python: string,
  project: Project,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const report = await checkMlx(python, project.config.device, environment)
  return !('problem' in report) && (wheelPath === undefined || report.mlxApp !== null)
}

interface Installer {
  method: 'uv' | 'pip'
  createEnvironment(): Promise<void>
  install(locks: string[]): Promise<void>
  installWheel(wheel: string): Promise<void>
}

async function chooseInstaller(
  project: Project,
  plan: UvPlan | PipPlan,
  context: SetupContext,
): Promise<Installer> {
  const options = processOptions(project, context)
  if (plan.method === 'pip') return pipInstaller(plan, project.virtualEnvironment, options, context)
  try {
    const uv = await obtainUv(project, plan, context)
    return uvInstaller(uv, plan.python, project.virtualEnvironment, options)
  } catch (error) {
    return fallBackToPip(error, project, plan, context)
  }
}

/** Creates the environment. @returns what installs into it: pip, if uv can't even create one. */
async function createEnvironment(
  installer: Installer,
  project: Project,
  plan: UvPlan | PipPlan,
  context: SetupContext,
): Promise<Installer> {
  try {
    await installer.createEnvironment()
    return installer
  } catch (error) {
    if (plan.method === 'pip') throw error
    const pip = fallBackToPip(error, project, plan, context)
    await rm(project.virtualEnvironment, { recursive: true, force: true })
    await pip.createEnvironment()
    return pip
  }
}

/** @throws the error, if the plan has nothing to fall back to. */
function fallBackToPip(error: unknown, project: Project, plan: UvPlan, context: SetupContext): Installer {
  const isOfUv = EngineError.isInstance(error) && error.code === 'DOWNLOAD_FAILED'
  if (!isOfUv || plan.fallback === undefined) throw error
  context.terminal.note(`${error.message} Using pip instead.`)
  return pipInstaller(plan.fallback, project.virtualEnvironment, processOptions(project, context), context)
}

function uvInstaller(
  uv: string,
  python: string,
  virtualEnvironment: string,
  options: ProcessOptions,
): Installer {
  const interpreter = interpreterIn(virtualEnvironment)
  return {
    method: 'uv',
    createEnvironment: async () => await createEnvironmentWithUv(uv, python, virtualEnvironment, options),
    install: async (locks) => await installWithUv(uv, interpreter, locks, options),
    installWheel: async (wheel) => await installWheelWithUv(uv, interpreter, wheel, options),
  }
}

function pipInstaller(
  { python }: PipPlan,
  virtualEnvironment: string,
  options: ProcessOptions,
  { terminal }: SetupContext,
): Installer {
  terminal.done(`pip of ${python.path} (Python ${pythonVersion(python)})`)
  return {
    method: 'pip',
    createEnvironment: async () => await createEnvironmentWithPip(python, virtualEnvironment, options),
    install: async (locks) => await installWithPip(virtualEnvironment, locks, options),
    installWheel: async (wheel) => await installWheelWithPip(virtualEnvironment, wheel, options),
  }
}

/** Whether the existing environment can be updated in place. */
async function canReuse(
  virtualEnvironment: string,
  method: Installer['method'],
  { set, record, rebuild }: BuildOptions,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  const interpreter = interpreterIn(virtualEnvironment)
  if (rebuild || !existsSync(interpreter)) return false
  // The CPU and NVIDIA libraries overwrite each other, and without a record it is unknown which ones are installed.
  if (parseLockSet(set).cuda !== parseLockSet(record?.set).cuda) return false
  const python = await describePython(interpreter, environment)
  if (!isCompatible(python, process.platform)) return false
  return method === 'uv' || python.pip
}
