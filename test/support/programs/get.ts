/** Gets the programs that tests need, before the first test, or says once and clearly why it can't. */
import { execa } from 'execa'
import { isContinuousIntegration } from '../../../src/system/automation.ts'
import { findOnPath } from '../../../src/system/search-path.ts'
import { AptError, installPackages } from './apt.ts'
import { missingPrograms, packagesOf } from './find.ts'
import { type ProgramName, programs } from './list.ts'

/** The machine, as far as the step asks about it. */
export interface Situation {
  environment: NodeJS.ProcessEnv
  platform: NodeJS.Platform
  isRoot: boolean
  /** How long to wait for another process that uses apt. */
  lockWaitMs: number
  print(line: string): void
}

/**
 * Installs what is missing by apt-get.
 *
 * @returns the exit code: 1 in CI where a program is still missing. Elsewhere 0: the tests that need it are left out.
 */
export async function getPrograms(situation: Situation): Promise<number> {
  const { environment, platform, print } = situation
  const missing = missingPrograms(environment, platform)
  if (missing.length === 0) return 0
  print(`Tests need ${countOf(missing)} not found here:`)
  const width = Math.max(...missing.map((name) => name.length))
  for (const name of missing) print(`  ${name.padEnd(width)}  for ${programs[name].purpose}`)
  const trouble = await install(situation, missing)
  const left = missingPrograms(environment, platform)
  if (left.length === 0) {
    print('All of them are installed.')
    return 0
  }
  print(trouble ?? 'Their packages are installed, and they are still not found.')
  if (isContinuousIntegration(environment)) {
    print(`In CI no test is left out, so this fails: ${countOf(left)} missing (${left.join(', ')}).`)
    return 1
  }
  print(
    `Tests that need them are left out and listed at the end: ${countOf(left)} missing (${left.join(', ')}).`,
  )
  return 0
}

/** Installs the packages of programs. @returns what stood in the way, and what to do. */
async function install(situation: Situation, missing: readonly ProgramName[]): Promise<string | undefined> {
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

function countOf(names: readonly ProgramName[]): string {
  return names.length === 1 ? '1 program' : `${names.length} programs`
}
