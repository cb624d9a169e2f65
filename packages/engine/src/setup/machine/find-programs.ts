import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { execa } from 'execa'
import type { Project } from '../../engine/project/index.ts'
import { runForOutput } from '../process/child-process.ts'
import { type BrokenPython, describePython, newestMinor, oldestMinor, type Python } from './interpreter.ts'
import { isOlderVersion } from './versions.ts'

const suffix = process.platform === 'win32' ? '.exe' : ''

/** The names of Python programs to look for, in order of preference. */
const pythonNames = [
  'python3',
  'python',
  ...Array.from({ length: newestMinor - oldestMinor + 1 }, (_, index) => `python3.${newestMinor - index}`),
]

/** Returns folders to search after the PATH. Programs started from the Finder don't have Homebrew's on theirs. */
function commonFolders(environment: NodeJS.ProcessEnv): string[] {
  const home = environment.HOME ?? homedir()
  const folders = [environment.XDG_BIN_HOME ?? join(home, '.local', 'bin'), join(home, '.cargo', 'bin')]
  return process.platform === 'darwin' ? [...folders, '/opt/homebrew/bin', '/usr/local/bin'] : folders
}

function searchFolders(environment: NodeJS.ProcessEnv): string[] {
  const path = environment.PATH ?? environment.Path ?? ''
  return [...path.split(delimiter), ...commonFolders(environment)].filter((folder) => folder !== '')
}

/** Returns the paths of all programs with a name, in the order of the PATH. */
function findPrograms(name: string, environment: NodeJS.ProcessEnv): string[] {
  return searchFolders(environment)
    .map((folder) => join(folder, `${name}${suffix}`))
    .filter(isExecutable)
}

/** Whether a path is a program that this user may run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // It is missing, or this user may not run it.
    return false
  }
}

/**
 * Returns the Pythons on the PATH and in the usual folders, without duplicates, in order of preference. A Python that
 * doesn't run is included with its problem.
 *
 * @param isEnough ends the search after the first Python for which it returns true.
 */
export async function findPythons(
  environment: NodeJS.ProcessEnv,
  isEnough: (python: Python | BrokenPython) => boolean = () => false,
): Promise<(Python | BrokenPython)[]> {
  const found: (Python | BrokenPython)[] = []
  const seen = new Set<string>()
  for (const path of pythonNames.flatMap((name) => findPrograms(name, environment))) {
    const real = realpathSync(path)
    // Several names for one file are one Python, except for the shim of a version manager, whose name matters.
    const identity = basename(real).startsWith('python') ? `${real} ${virtualEnvironmentOf(path)}` : path
    if (seen.has(identity) || (await isAppleStub(path))) continue
    seen.add(identity)
    const python = await describePython(path, environment)
    found.push(python)
    if (isEnough(python)) break
  }
  return found
}

/** Returns the folder of the virtual environment that a Python is in. Different ones may link to the same file. */
function virtualEnvironmentOf(path: string): string {
  const folder = join(path, '..', '..')
  try {
    statSync(join(folder, 'pyvenv.cfg'))
    return folder
  } catch {
    // It is not in a virtual environment.
    return ''
  }
}

/** Whether this is Apple's python3 without the command line tools. Running that one opens a dialog and fails. */
async function isAppleStub(path: string): Promise<boolean> {
  if (process.platform !== 'darwin' || path !== '/usr/bin/python3') return false
  const { exitCode } = await execa('xcode-select', ['-p'], { reject: false, stdio: 'ignore' })
  return exitCode !== 0
}

/** Older versions lack flags that setup uses; tested with 0.4.30. */
const oldestUv = '0.4'

/** Whether the output of `uv --version`, such as `uv 0.13.8 (x86_64-unknown-linux-gnu)`, is of a supported version. */
export function isUsableUv(printed: string): boolean {
  const version = /^uv (\d+\.\d+)/.exec(printed)?.[1]
  return version !== undefined && !isOlderVersion(version, oldestUv)
}

/** Returns the folder for a uv that setup fetches for this project. */
export function uvFolder(project: Project): string {
  return join(dirname(project.environmentFile), 'uv')
}

/** Returns the path of the uv in the folder that it was fetched into. */
export function uvIn(folder: string): string {
  return join(folder, 'bin', `uv${suffix}`)
}

/** Returns the path of a supported uv: on the PATH, in the usual folders, or fetched by an earlier setup. */
export async function findUv(project: Project, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const own = uvIn(uvFolder(project))
  for (const path of [...findPrograms('uv', environment), ...(isExecutable(own) ? [own] : [])]) {
    const result = await runForOutput(path, ['--version'], environment, 20_000)
    if ('output' in result && isUsableUv(result.output)) return path
  }
  return undefined
}
