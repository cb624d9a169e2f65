import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { execa } from 'execa'
import { ask } from '../process/child-process.ts'
import { type BrokenPython, describePython, newestMinor, oldestMinor, type Python } from './interpreter.ts'
import { isOlderVersion } from './platform-support.ts'

const suffix = process.platform === 'win32' ? '.exe' : ''

/** Names under which a Python is looked for, most wanted first. */
const pythonNames = [
  'python3',
  'python',
  ...Array.from({ length: newestMinor - oldestMinor + 1 }, (_, index) => `python3.${newestMinor - index}`),
]

/** Folders beside the PATH: a program that the Finder started has none of Homebrew's on it. */
function extraFolders(environment: NodeJS.ProcessEnv): string[] {
  const home = environment.HOME ?? homedir()
  const folders = [environment.XDG_BIN_HOME ?? join(home, '.local', 'bin'), join(home, '.cargo', 'bin')]
  return process.platform === 'darwin' ? [...folders, '/opt/homebrew/bin', '/usr/local/bin'] : folders
}

function foldersOf(environment: NodeJS.ProcessEnv): string[] {
  const path = environment.PATH ?? environment.Path ?? ''
  return [...path.split(delimiter), ...extraFolders(environment)].filter((folder) => folder !== '')
}

/** Paths of the programs of a name, in the order of the PATH. */
export function findPrograms(name: string, environment: NodeJS.ProcessEnv): string[] {
  return foldersOf(environment)
    .map((folder) => join(folder, `${name}${suffix}`))
    .filter(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there or not ours to run: both mean that it is no candidate.
    return false
  }
}

/**
 * The Pythons on the PATH and in the usual places, each once, most wanted first. One that does not run is in the
 * list with its problem. It asks no more of them once `enough` says so.
 */
export async function findPythons(
  environment: NodeJS.ProcessEnv,
  enough: (python: Python | BrokenPython) => boolean = () => false,
): Promise<(Python | BrokenPython)[]> {
  const found: (Python | BrokenPython)[] = []
  const seen = new Set<string>()
  for (const path of pythonNames.flatMap((name) => findPrograms(name, environment))) {
    const real = realpathSync(path)
    // Several names of one file are one Python, except for a version manager's: it answers by the name it is called.
    const identity = basename(real).startsWith('python') ? `${real} ${environmentOf(path)}` : path
    if (seen.has(identity) || (await isAppleStub(path))) continue
    seen.add(identity)
    const python = await describePython(path, environment)
    found.push(python)
    if (enough(python)) break
  }
  return found
}

/** Virtual environments link to one and the same file and still differ. */
function environmentOf(path: string): string {
  const folder = join(path, '..', '..')
  try {
    statSync(join(folder, 'pyvenv.cfg'))
    return folder
  } catch {
    // No virtual environment.
    return ''
  }
}

/** Without Apple's command line tools, running their python3 opens a dialogue and fails. */
async function isAppleStub(path: string): Promise<boolean> {
  if (process.platform !== 'darwin' || path !== '/usr/bin/python3') return false
  const { exitCode } = await execa('xcode-select', ['-p'], { reject: false, stdio: 'ignore' })
  return exitCode !== 0
}

/** Older ones lack flags that the set-up uses; tried with 0.4.30. */
const oldestUv = '0.4'

/** Whether what `uv --version` prints is a uv that can be used: `uv 0.13.8 (x86_64-unknown-linux-gnu)`. */
export function isUsableUv(printed: string): boolean {
  const version = /^uv (\d+\.\d+)/.exec(printed)?.[1]
  return version !== undefined && !isOlderVersion(version, oldestUv)
}

/** The first uv that can be used: on the PATH, in the usual places, or fetched by an earlier set-up into `ownFolder`. */
export async function findUv(environment: NodeJS.ProcessEnv, ownFolder: string): Promise<string | undefined> {
  const own = join(ownFolder, 'bin', `uv${suffix}`)
  for (const path of [...findPrograms('uv', environment), ...(isExecutable(own) ? [own] : [])]) {
    const answer = await ask(path, ['--version'], environment, 20_000)
    if ('output' in answer && isUsableUv(answer.output)) return path
  }
  return undefined
}
