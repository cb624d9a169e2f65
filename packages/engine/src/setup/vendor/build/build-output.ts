/** Makes the output, step by step. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from '../../../engine/project/index.ts'
import { pythonDirectory } from '../../../package-files.ts'
import type { SetupContext } from '../../context.ts'
import { obtainUv } from '../../environment/obtain-uv.ts'
import { refusalError } from '../../machine/platform-support.ts'
import { inspectMachine } from '../../plan/inspect-machine.ts'
import { isRefusal, planUv } from '../../plan/plan.ts'
import { type ProcessOptions, processOptions, throwIfInterrupted } from '../../process/child-process.ts'
import { formatBytes } from '../../terminal/format.ts'
import { type Binary, findBinaries, requireBinariesFor, requireMetalLibrary } from '../check/binaries.ts'
import { checkLibraries } from '../check/libraries.ts'
import { requireNoLinksOut } from '../check/links.ts'
import {
  type InstalledPackage,
  readInstalledPackages,
  requireAbiOfModules,
  requireLockedPackages,
} from '../check/packages.ts'
import { checkStack, generateWith } from '../check/run.ts'
import { deleteMatching, folderBytes, listFiles } from '../files.ts'
import type { VendorPlan } from '../plan/plan.ts'
import { describeTarget } from '../plan/target.ts'
import { compileFolders, saveImports } from './compile.ts'
import { describeInterpreter, interpreterProgram, placeInterpreter, requireRelocated } from './interpreter.ts'
import {
  type FolderSizes,
  prepareOutput,
  replaceOutput,
  type VendorRecord,
  vendorRecord,
  writeDescription,
  writeLauncher,
} from './output.ts'
import { installPackages, vendorLocks } from './packages.ts'
import { unusedInterpreterFiles, unusedPackageFiles } from './prune.ts'

/** The result of `vendor`. Every path is absolute. */
export interface VendorResult extends VendorRecord {
  /** The folder with the launcher, `_vendor` and vendor.json. */
  folder: string
  /** The folder with the packages: the option `site` of `createEngine`. */
  site: string
  launcher: string
  /** The folder of the interpreter; null without one. */
  interpreter: string | null
}

/** The folders that are being made. */
interface Parts {
  staging: string
  folder: string
  site: string
  /** Undefined for an output without an interpreter. */
  interpreter: string | undefined
}

/**
 * Makes the output in a folder of its own, and puts it in its place once everything has been checked.
 *
 * @throws EngineError
 */
export async function buildOutput(
  project: Project,
  plan: VendorPlan,
  context: SetupContext,
): Promise<VendorResult> {
  const { terminal, signal } = context
  const run = processOptions(project, context)
  terminal.done(`For ${describeTarget(plan.target)}`)
  const uv = await findOrFetchUv(project, context)
  const staging = await prepareOutput(plan)
  try {
    const folder = join(staging, plan.name)
    const interpreter = plan.interpreter === undefined ? undefined : join(staging, 'python')
    const parts: Parts = { staging, folder, site: join(folder, '_vendor'), interpreter }
    await mkdir(parts.site, { recursive: true })
    if (interpreter !== undefined) {
      await placeInterpreter(plan, { uv, folder: interpreter, staging }, run)
      terminal.done(`Interpreter: ${describeInterpreter(plan)}`)
    }
    await installPackages(project, plan, { uv, site: parts.site, staging }, run)
    const packages = await checkPackages(parts.site, plan, context)
    await throwIfInterrupted(signal)
    const { sizes, binaries } = await prune(parts, plan)
    const systemLibraries = await checkLibraries(binaries, plan.target, terminal)
    if (interpreter !== undefined && plan.runsHere) await requireRelocated(interpreter, plan, run)
    await writeLauncher(folder, plan)
    const compiled = await compile(parts, plan, run, context)
    const generated = await runOutput(project, parts, plan, run, context)
    await addFinalSizes(sizes, parts)
    terminal.done(describeSizes(sizes, compiled))
    const record = vendorRecord(plan, packages, { compiled, generated, sizes, systemLibraries })
    await writeDescription(parts, plan, record)
    await throwIfInterrupted(signal)
    await replaceOutput(staging, plan)
    return resultOf(plan, record)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Returns the path of uv. This machine may be one that MLX does not support, because the output can be for another. */
async function findOrFetchUv(project: Project, context: SetupContext): Promise<string> {
  const options = { method: 'uv', cuda: false } as const
  const plan = planUv(await inspectMachine(project, options, context.environment))
  await throwIfInterrupted(context.signal)
  if (isRefusal(plan)) throw refusalError(plan)
  return await obtainUv(project, plan, context)
}

/** Checks what was installed. @throws EngineError */
async function checkPackages(
  site: string,
  plan: VendorPlan,
  { terminal }: SetupContext,
): Promise<InstalledPackage[]> {
  const packages = await readInstalledPackages(site)
  requireLockedPackages(packages, vendorLocks(pythonDirectory), plan)
  const files = await listFiles(site)
  requireAbiOfModules(files, plan.abi)
  requireMetalLibrary(files, plan.target)
  const own = plan.customWheels.map(({ name, version }) => `${name} ${version}`)
  const custom = own.length === 0 ? '' : `, with your own ${own.join(' and ')}`
  terminal.done(`${packages.length} packages in the locked versions${custom}`)
  return packages
}

/** Deletes what an app doesn't use, and checks what is left. @returns the sizes before and after, and what binaries are left. */
async function prune(
  { site, interpreter }: Parts,
  plan: VendorPlan,
): Promise<{ sizes: VendorRecord['sizes']; binaries: Binary[] }> {
  const binaries: Binary[] = []
  const sizesOf = async (folder: string, unused: readonly RegExp[]): Promise<FolderSizes> => {
    const installedBytes = await folderBytes(folder)
    await deleteMatching(folder, unused)
    const files = await listFiles(folder)
    await requireNoLinksOut(folder, files)
    const found = await findBinaries(files)
    requireBinariesFor(found, plan.target)
    binaries.push(...found)
    const prunedBytes = await folderBytes(folder)
    return { installedBytes, prunedBytes, bytes: prunedBytes }
  }
  const sizes = {
    packages: await sizesOf(site, unusedPackageFiles),
    interpreter: interpreter === undefined ? null : await sizesOf(interpreter, unusedInterpreterFiles),
  }
  return { sizes, binaries }
}

/** Compiles everything, if there is a Python of the same version here. @returns whether there is. */
async function compile(
  { site, interpreter, staging }: Parts,
  plan: VendorPlan,
  run: ProcessOptions,
  { terminal }: SetupContext,
): Promise<boolean> {
  const own = interpreter !== undefined && plan.runsHere ? join(interpreter, interpreterProgram) : undefined
  const python = own ?? plan.systemPython?.path
  if (python === undefined) {
    terminal.note(
      `Not compiled: there is no Python 3.${plan.target.minor} here. The app starts more slowly without bytecode.`,
    )
    return false
  }
  const library = interpreter === undefined ? [] : [join(interpreter, 'lib', `python3.${plan.target.minor}`)]
  await compileFolders(python, [site, ...library], staging, run)
  terminal.done('Compiled to bytecode')
  // Packages for this machine do it themselves when they are run.
  const problem = plan.runsHere ? undefined : await saveImports(python, site, run)
  if (problem !== undefined) {
    terminal.note(`The names in transformers were not saved: ${problem}. The app starts more slowly.`)
  }
  return true
}

/** Runs the output, if it is for the system of this machine. @returns what the hello model said. */
async function runOutput(
  project: Project,
  { site, interpreter }: Parts,
  plan: VendorPlan,
  run: ProcessOptions,
  { terminal, signal }: SetupContext,
): Promise<string | null> {
  const python = interpreter === undefined ? plan.systemPython?.path : join(interpreter, interpreterProgram)
  if (!plan.runsHere || python === undefined) {
    const reason = plan.runsHere
      ? `there is no Python 3.${plan.target.minor} here`
      : 'it is for another system'
    terminal.note(`Not run: ${reason}. Run the launcher with --check-mlx-stack where the app runs.`)
    return null
  }
  const { device } = await checkStack(python, site, run)
  terminal.done(`MLX computes on the ${device.toUpperCase()}`)
  const generated = await generateWith(python, site, project, signal)
  terminal.done(`The hello model says: ${generated}`)
  return generated
}

async function addFinalSizes(sizes: VendorRecord['sizes'], { site, interpreter }: Parts): Promise<void> {
  sizes.packages.bytes = await folderBytes(site)
  if (sizes.interpreter !== null && interpreter !== undefined) {
    sizes.interpreter.bytes = await folderBytes(interpreter)
  }
}

function describeSizes({ packages, interpreter }: VendorRecord['sizes'], compiled: boolean): string {
  const describe = (name: string, { installedBytes, prunedBytes, bytes }: FolderSizes) => {
    const bytecode = compiled ? `, with bytecode ${formatBytes(bytes)}` : ''
    return `${name}: ${formatBytes(installedBytes)}, pruned to ${formatBytes(prunedBytes)}${bytecode}`
  }
  const parts = [
    describe('Packages', packages),
    ...(interpreter === null ? [] : [describe('interpreter', interpreter)]),
  ]
  return parts.join('; ')
}

function resultOf(
  { distDirectory, name, binName, interpreter }: VendorPlan,
  record: VendorRecord,
): VendorResult {
  const folder = join(distDirectory, name)
  return {
    ...record,
    folder,
    site: join(folder, '_vendor'),
    launcher: join(folder, binName),
    interpreter: interpreter === undefined ? null : join(distDirectory, 'python'),
  }
}
