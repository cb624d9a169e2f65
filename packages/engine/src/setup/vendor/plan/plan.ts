/** Decides what `mlx-app vendor` does. Nothing is written. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { EngineError } from '../../../engine/index.ts'
import type { Project } from '../../../engine/project/index.ts'
import { findPythons } from '../../machine/find-programs.ts'
import { isCompatible, type Python } from '../../machine/interpreter.ts'
import { type CustomWheel, findCustomWheels } from './custom-wheels.ts'
import { type InterpreterFolder, inspectInterpreter } from './interpreter.ts'
import type { VendorOptions } from './options.ts'
import { requireOwnOutput } from './output-folder.ts'
import { ownPlatform, pythonMinor, type TargetPlatform, targetPlatform, type VendorTarget } from './target.ts'

/** The version of Python if there is nothing to choose it by. */
const defaultMinor = 12

export interface VendorPlan {
  /** The name of the project, and of the output's folder. */
  name: string
  /** The name of the launcher. */
  binName: string
  /** The version that is written into the output. */
  version: string
  distDirectory: string
  clean: boolean
  target: VendorTarget
  /** The ABI that the wheels must have, such as cp312. */
  abi: string
  /** A folder to copy; `download` for a CPython from uv; undefined for no interpreter. */
  interpreter: InterpreterFolder | 'download' | undefined
  /** Whether the target is the system of this machine, so that its interpreter runs here. */
  runsHere: boolean
  /** A Python of this machine with the same version, for what the interpreter of the app can't do here. */
  systemPython: Python | undefined
  customWheels: CustomWheel[]
  installArguments: readonly string[]
}

/**
 * Returns the plan for a project.
 *
 * @throws EngineError INVALID_REQUEST, UNSUPPORTED, PYTHON_NOT_FOUND
 */
export async function planVendor(
  project: Project,
  options: VendorOptions,
  environment: NodeJS.ProcessEnv,
): Promise<VendorPlan> {
  const { name, version } = readManifest(project.root)
  const { binName = name, distDirectory = join(project.root, 'dist-ext-python'), clean = false } = options
  requireName(name, 'output', ['python'], 'Change the name in package.json.')
  requireName(
    binName,
    'launcher',
    ['_vendor', 'vendor.json', 'version', 'readme.md'],
    'Choose another name with --bin-name (BIN_NAME).',
  )
  if (options.wheelsOnly && options.python !== undefined) {
    const { pythonBy = '--python' } = options
    throw new EngineError(
      'INVALID_REQUEST',
      `${pythonBy} names an interpreter, but --wheels-only leaves it out.`,
    )
  }
  requireOwnOutput(project.root, distDirectory, name, clean)
  const platform = targetPlatform(options.targetPlatform ?? ownPlatform(), options.minMacos)
  const folder = options.wheelsOnly ? undefined : await findInterpreterFolder(project, options, environment)
  requirePlatformOf(folder, platform)
  const wanted = options.targetPython === undefined ? undefined : pythonMinor(options.targetPython)
  if (folder !== undefined && wanted !== undefined && folder.minor !== wanted) {
    throw new EngineError(
      'INVALID_REQUEST',
      `${folder.by} is Python 3.${folder.minor}, but --target-python (TARGET_PY_VERSION) is 3.${wanted}.`,
    )
  }
  const pythons = await systemPythons(environment, wanted ?? folder?.minor)
  const minor = wanted ?? folder?.minor ?? pythons[0]?.version[1] ?? defaultMinor
  const target = { ...platform, minor }
  return {
    name,
    binName,
    version: options.version ?? version,
    distDirectory,
    clean,
    target,
    abi: requireAbi(options.targetAbi, minor),
    interpreter: options.wheelsOnly ? undefined : (folder ?? 'download'),
    runsHere: platform.name === ownPlatform(),
    systemPython: pythons.find((python) => python.version[1] === minor),
    customWheels: findCustomWheels(project.root, options, target),
    installArguments: options.installArguments ?? [],
  }
}

/**
 * Checks the name of a file or folder in the output.
 *
 * @param taken the names of what is next to it, in lower case, as macOS compares them.
 * @throws EngineError INVALID_REQUEST
 */
function requireName(name: string, what: string, taken: readonly string[], next: string): void {
  const isTaken = taken.includes(name.toLowerCase())
  if (!isTaken && /^\w[\w.-]*$/.test(name)) return
  const reason = isTaken ? 'which is the name of another part' : 'but only letters, digits and ._-'
  throw new EngineError('INVALID_REQUEST', `The ${what} can't be named ${name}, ${reason}.`, { hint: next })
}

/** Returns the interpreter that the user named, or the one in the project's folder `python`. */
async function findInterpreterFolder(
  project: Project,
  { python, pythonBy = '--python' }: VendorOptions,
  environment: NodeJS.ProcessEnv,
): Promise<InterpreterFolder | undefined> {
  if (python !== undefined) return await inspectInterpreter(python, pythonBy, environment)
  const own = join(project.root, 'python')
  // The folder may also be a uv project, with packages of the user's own.
  if (!existsSync(join(own, 'bin', 'python3'))) return undefined
  return await inspectInterpreter(own, './python', environment)
}

/** @throws EngineError INVALID_REQUEST for an interpreter that runs here, if the target is another system. */
function requirePlatformOf(
  folder: InterpreterFolder | undefined,
  { name, system, machine }: TargetPlatform,
): void {
  const python = folder?.python
  if (folder === undefined || python === undefined) return
  if (system === process.platform && machine === python.machine) return
  throw new EngineError(
    'INVALID_REQUEST',
    `${folder.by} is ${folder.folder}, which is for ${process.platform} (${python.machine}), not for ${name}.`,
    { hint: `Give an interpreter for ${name} with --python DIR (EMBEDDED_PYTHON), or use --wheels-only.` },
  )
}

/** Returns the compatible Pythons of this machine, best first, up to one with the minor version. */
async function systemPythons(environment: NodeJS.ProcessEnv, minor: number | undefined): Promise<Python[]> {
  const found = await findPythons(
    environment,
    (python) =>
      isCompatible(python, process.platform) && (minor === undefined || python.version[1] === minor),
  )
  return found.filter((python) => isCompatible(python, process.platform))
}

/** @throws EngineError INVALID_REQUEST if the ABI is not that of the Python. */
function requireAbi(given: string | undefined, minor: number): string {
  const own = `cp3${minor}`
  if (given === undefined || given === own) return own
  throw new EngineError(
    'INVALID_REQUEST',
    `The ABI ${given} (--target-abi or TARGET_ABI) does not fit Python 3.${minor}, whose ABI is ${own}.`,
  )
}

const manifestSchema = z.object({ name: z.string().optional(), version: z.string().optional() })

function readManifest(root: string): { name: string; version: string } {
  const path = join(root, 'package.json')
  const manifest = existsSync(path) ? manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : {}
  const name = manifest.name?.replace(/^@[^/]*\//, '') ?? basename(root).replaceAll(/[^\w.-]/g, '-')
  return { name, version: manifest.version ?? '0.0.0' }
}
