/** Where the programs of the list are on this machine, and which of them are missing. */
import { delimiter } from 'node:path'
import { findOnPath, isProgram } from '../../../src/machine/search-path.ts'
import { type ListedProgram, type ProgramName, programs } from './list.ts'

/** Where Debian has programs that only root needs, and which are on no other user's PATH. */
const rootsFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** A program of the list that this machine doesn't have. */
export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError'

  constructor(name: ProgramName) {
    super(`This test needs ${missingNote([name])}.`)
  }
}

/**
 * Path of a program.
 *
 * @throws MissingProgramError where it is missing
 * @throws Error where it is not in the list
 */
export function program(name: ProgramName): string {
  const path = findProgram(name)
  if (path === undefined) throw new MissingProgramError(name)
  return path
}

/**
 * Path of a program; undefined where it is missing.
 *
 * @throws Error where it is not in the list
 */
export function findProgram(
  name: ProgramName,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const { alternatives = [], variable, isComplete = () => true } = entryOf(name)
  const named = variable === undefined ? undefined : environment[variable]
  if (named) return isProgram(named) ? named : undefined
  const PATH = [environment.PATH ?? '', ...rootsFolders].join(delimiter)
  for (const candidate of [name, ...alternatives]) {
    const path = findOnPath(candidate, { PATH })
    if (path !== undefined && isComplete(path)) return path
  }
  return undefined
}

/** The programs that tests on this machine need and don't find. */
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

/** What to say of programs that are missing. */
export function missingNote(names: readonly ProgramName[]): string {
  return `${names.join(', ')}, missing here (Debian: apt-get install ${packagesOf(names).join(' ')})`
}

/** The Debian packages of programs, each once. */
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
    throw new Error(
      `${name} is not in the list of programs for tests: add it to test/support/programs/list.ts`,
    )
  }
  return programs[name]
}
