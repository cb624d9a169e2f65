/** Finds the listed programs on this machine. */
import { delimiter } from 'node:path'
import { findOnPath, isProgram } from '../../../src/machine/search-path.ts'
import { type ListedProgram, type ProgramName, programs } from './list.ts'

/** The folders of programs for root, which are not on the PATH of other users in Debian. */
const rootFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The error for a listed program that this machine doesn't have. */
export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError'

  constructor(name: ProgramName) {
    super(`This test needs ${missingNote([name])}.`)
  }
}

/**
 * Returns the path of a program.
 *
 * @throws MissingProgramError if it is missing
 * @throws Error if it is not listed
 */
export function program(name: ProgramName): string {
  const path = findProgram(name)
  if (path === undefined) throw new MissingProgramError(name)
  return path
}

/**
 * Returns the path of a program, or undefined if it is missing.
 *
 * @throws Error if it is not listed
 */
export function findProgram(
  name: ProgramName,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const { alternatives = [], variable, isComplete = () => true } = entryOf(name)
  const named = variable === undefined ? undefined : environment[variable]
  if (named) return isProgram(named) ? named : undefined
  const PATH = [environment.PATH ?? '', ...rootFolders].join(delimiter)
  for (const candidate of [name, ...alternatives]) {
    const path = findOnPath(candidate, { PATH })
    if (path !== undefined && isComplete(path)) return path
  }
  return undefined
}

/** Returns the programs that tests on this machine need but that are missing. */
export function missingPrograms(environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): ProgramName[] {
  return programNames().filter(
    (name) =>
      isUsedOn(name, platform) &&
      findProgram(name, environment) === undefined &&
      (programs[name].isWanted?.() ?? true),
  )
}

/** Whether tests on a platform use a program. */
export function isUsedOn(name: ProgramName, platform: NodeJS.Platform): boolean {
  return !entryOf(name).linuxOnly || platform === 'linux'
}

/** Returns a note about missing programs and how to install them. */
export function missingNote(names: readonly ProgramName[]): string {
  return `${names.join(', ')}, missing here (Debian: apt-get install ${packagesOf(names).join(' ')})`
}

/** Returns the Debian packages of programs without duplicates. */
export function packagesOf(names: readonly ProgramName[]): string[] {
  return [...new Set(names.flatMap((name) => programs[name].packages))]
}

function programNames(): ProgramName[] {
  return Object.keys(programs).filter(isListed)
}

function isListed(name: string): name is ProgramName {
  return Object.hasOwn(programs, name)
}

function entryOf(name: ProgramName): ListedProgram {
  if (!isListed(name)) {
    throw new Error(`${name} is not listed. Add it to test/support/programs/list.ts`)
  }
  return programs[name]
}
