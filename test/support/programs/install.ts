/** Installs missing programs if this system and this user allow it. */
import { execa } from 'execa'
import { findOnPath } from '../../../src/machine/search-path.ts'
import { AptError, installPackages } from './apt.ts'
import { packagesOf } from './find.ts'
import type { InstallContext } from './install-context.ts'
import { type ProgramName, programs } from './list.ts'

/** Installs the packages of programs. @returns what went wrong and what to do, or undefined on success. */
export async function installPrograms(
  context: InstallContext,
  missing: readonly ProgramName[],
): Promise<string | undefined> {
  const { environment, isRoot, print } = context
  const misnamed = missing.map((name) => misnaming(name, environment)).filter((text) => text !== undefined)
  const packages = packagesOf(missing.filter((name) => misnaming(name, environment) === undefined))
  if (packages.length === 0) return misnamed.join('\n')
  if (findOnPath('apt-get', environment) === undefined) {
    return 'There is no apt-get on this system. Install the programs another way, then run this again.'
  }
  if (!isRoot && !(await canBecomeRoot(environment))) {
    const command = `sudo apt-get install --no-install-recommends ${packages.join(' ')}`
    return `Installing them needs root, or sudo without a password. Run: ${command}`
  }
  const before = isRoot ? [] : ['sudo', '--non-interactive']
  try {
    const unknown = await installPackages({ ...context, before }, packages)
    const absent = unknown.map((name) => `apt-get knows no package ${name}.`)
    return [...misnamed, ...absent].join('\n') || undefined
  } catch (error) {
    if (!(error instanceof AptError)) throw error
    for (const line of error.output.trim().split('\n')) print(`  ${line}`)
    return error.message
  }
}

/** Returns an error if a variable names a program that does not exist, which installing a package would not fix. */
function misnaming(name: ProgramName, environment: NodeJS.ProcessEnv): string | undefined {
  const { variable } = programs[name]
  const named = variable === undefined ? undefined : environment[variable]
  return named ? `${variable} is ${named}, which is not a program.` : undefined
}

async function canBecomeRoot(environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (findOnPath('sudo', environment) === undefined) return false
  const options = { env: environment, extendEnv: false, reject: false, stdin: 'ignore' } as const
  return (await execa('sudo', ['--non-interactive', 'true'], options)).exitCode === 0
}
