/** The interpreter that goes into the app. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import { describePython, findIncompatibility, isBroken, type Python } from '../../machine/interpreter.ts'
import { type BinarySlice, readBinary } from '../check/mach-o.ts'
import { pythonMinor } from './target.ts'

/** An interpreter in a folder that can be copied. */
export interface InterpreterFolder {
  /** How the user gave it: --python, EMBEDDED_PYTHON or ./python. */
  by: string
  /** The real path, without links. */
  folder: string
  /** The path of the program from the folder, such as bin/python3. */
  program: string
  /** The minor version: 12 for Python 3.12. */
  minor: number
  /** What it says of itself; undefined if it is for another system and doesn't run here. */
  python: Python | undefined
}

/** Folders that have a Python of the system or of a package manager in them, which can't be copied out. */
const systemFolders = ['/', '/usr', '/usr/local', '/opt/homebrew', '/opt/local', homedir()]

/**
 * Returns what is known about an interpreter.
 *
 * @param path its folder, or the program in the folder's `bin`.
 * @param by how the user gave it, for messages.
 * @throws EngineError PYTHON_NOT_FOUND, UNSUPPORTED
 */
export async function inspectInterpreter(
  path: string,
  by: string,
  environment: NodeJS.ProcessEnv,
): Promise<InterpreterFolder> {
  if (!existsSync(path)) throw notFound(`${by} is ${path}, which does not exist.`)
  // A copy of a link would be a link, and pruning it would delete the user's own files.
  const folder = realpathSync(statSync(path).isDirectory() ? path : dirname(dirname(path)))
  const program = join('bin', 'python3')
  if (!existsSync(join(folder, program)))
    throw notFound(`${by} is ${path}, but there is no ${join(folder, program)}.`)
  requireCopyable(folder, program, by)
  const python = await describePython(join(folder, program), environment)
  if (isBroken(python)) {
    const [slice] = await readBinary(realpathSync(join(folder, program)))
    if (slice === undefined || isForThisMachine(slice)) {
      throw notFound(`${by} is ${path}, which does not run: ${python.problem}.`)
    }
    return { by, folder, program, minor: minorOf(folder, by), python: undefined }
  }
  const problem = findIncompatibility(python, process.platform)
  if (problem !== undefined) throw new EngineError('UNSUPPORTED', `${by} is ${path}, but ${problem}.`)
  return { by, folder, program, minor: python.version[1], python }
}

const hint =
  'Give the folder of a relocatable CPython, such as one of python-build-standalone, or leave it out: uv downloads one.'

function notFound(message: string): EngineError {
  return new EngineError('PYTHON_NOT_FOUND', message, { hint })
}

/** @throws EngineError UNSUPPORTED for a virtual environment, and a Python that shares its folder with a system. */
function requireCopyable(folder: string, program: string, by: string): void {
  const reason = existsSync(join(folder, 'pyvenv.cfg'))
    ? 'is a virtual environment, which needs the Python that it was made from'
    : systemFolders.includes(folder) || isLinkOut(folder, program)
      ? 'is a Python of the system, which only works in its place'
      : undefined
  if (reason === undefined) return
  throw new EngineError('UNSUPPORTED', `${by} is ${folder}. It ${reason}, so an app can't carry it.`, {
    hint,
  })
}

function isLinkOut(folder: string, program: string): boolean {
  return !realpathSync(join(folder, program)).startsWith(folder + sep)
}

function isForThisMachine({ format, machine }: BinarySlice): boolean {
  const own = process.arch === 'x64' ? 'x86_64' : process.platform === 'linux' ? 'aarch64' : 'arm64'
  return format === (process.platform === 'darwin' ? 'mach-o' : 'elf') && machine === own
}

/** Returns the minor version of a Python that doesn't run here, from the folder of its library. */
function minorOf(folder: string, by: string): number {
  const library = join(folder, 'lib')
  const names = existsSync(library) ? readdirSync(library) : []
  const minors = names.flatMap((name) => /^python3\.(\d+)$/.exec(name)?.[1] ?? [])
  const [minor] = minors
  if (minor === undefined || minors.length > 1) {
    throw notFound(`${by} is ${folder}, but it has no folder lib/python3.x that tells its version.`)
  }
  return pythonMinor(`3.${minor}`)
}
