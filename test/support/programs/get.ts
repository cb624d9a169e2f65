/** Gets the programs that tests need, before the first test, or says once and clearly why it can't. */
import { isContinuousIntegration } from '../../../src/machine/automation.ts'
import { missingPrograms } from './find.ts'
import { type ProgramName, programs } from './list.ts'
import type { Situation } from './situation.ts'

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
  // It loads execa, which a run with nothing to do need not wait for.
  const { installPrograms } = await import('./install.ts')
  const trouble = await installPrograms(situation, missing)
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

function countOf(names: readonly ProgramName[]): string {
  return names.length === 1 ? '1 program' : `${names.length} programs`
}
