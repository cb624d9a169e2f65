/** Installs what has the programs that are missing, where this system and this user allow it. */
import { execa } from 'execa'
import { findOnPath } from '../../../src/machine/search-path.ts'
import { AptError, installPackages } from './apt.ts'
import { packagesOf } from './find.ts'
import { type ProgramName, programs } from './list.ts'
import type { Situation } from './situation.ts'

/** Installs the packages of programs. @returns what stood in the way, and what to do; undefined where nothing did. */
export async function installPrograms(
  situation: Situation,
  missing: readonly ProgramName[],
): Promise<string | undefined> {
  const { environment, isRoot, print } = situation
  const misnamed = missing.map((name) => misnaming(name, environment)).filter((text) => text !== undefined)
  const packages = packagesOf(missing.filter((name) => misnaming(name, environment) === undefined))
  if (packages.length === 0) return misnamed.join('\n')
  if (findOnPath('apt-get', environment) === undefined) {
    return 'There is no apt-get here: install them as this system does, then run this again.'
  }
  if (!isRoot && !(await canBecomeRoot(environment))) {
    const command = `sudo apt-get install --no-install-recommends ${packages.join(' ')}`
    return `Installing them needs root, or sudo without a password. By hand: ${command}`
  }
  const before = isRoot ? [] : ['sudo', '--non-interactive']
  try {
    const unknown = await installPackages({ ...situation, before }, packages)
    const absent = unknown.map((name) => `apt-get knows no package ${name}.`)
    return [...misnamed, ...absent].join('\n') || undefined
  } catch (error) {
    if (!(error instanceof AptError)) throw error
    for (const line of error.output.trim().split('\n')) print(`  ${line}`)
    return error.message
  }
}

/** What is wrong where a variable names a program that is not there, which no package can put right. */
function misnaming(name: ProgramName, environment: NodeJS.ProcessEnv): string | undefined {
  const { variable } = programs[name]
  const named = variable === undefined ? undefined : environment[variable]
  return named ? `${variable} is ${named}, which is no program.` : undefined
}

async function canBecomeRoot(environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (findOnPath('sudo', environment) === undefined) return false
  const options = { env: environment, extendEnv: false, reject: false, stdin: 'ignore' } as const
  return (await execa('sudo', ['--non-interactive', 'true'], options)).exitCode === 0
}
