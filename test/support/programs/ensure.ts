/** Installs the programs that tests need before the first test, or explains why it can't. */
import { isContinuousIntegration } from '../../../src/machine/automation.ts'
import { missingPrograms } from './find.ts'
import type { InstallContext } from './install-context.ts'
import { type ProgramName, programs } from './list.ts'

/**
 * Installs missing programs with apt-get.
 *
 * @returns the exit code: 1 in CI if a program is still missing, and 0 otherwise, since tests that need it are skipped.
 */
export async function ensurePrograms(context: InstallContext): Promise<number> {
  const { environment, platform, print } = context
  const missing = missingPrograms(environment, platform)
  if (missing.length === 0) return 0
  print(`Tests need ${countOf(missing)} not found here:`)
  const width = Math.max(...missing.map((name) => name.length))
  for (const name of missing) print(`  ${name.padEnd(width)}  for ${programs[name].purpose}`)
  // Imported on demand, because loading execa takes time.
  const { installPrograms } = await import('./install.ts')
  const trouble = await installPrograms(context, missing)
  const left = missingPrograms(environment, platform)
  if (left.length === 0) {
    print('All of them are installed.')
    return 0
  }
  print(trouble ?? 'Their packages are installed, but the programs are still not found.')
  if (isContinuousIntegration(environment)) {
    print(`In CI no tests are skipped, so this fails: ${countOf(left)} missing (${left.join(', ')}).`)
    return 1
  }
  print(
    `Tests that need them are skipped and listed at the end: ${countOf(left)} missing (${left.join(', ')}).`,
  )
  return 0
}

function countOf(names: readonly ProgramName[]): string {
  return names.length === 1 ? '1 program' : `${names.length} programs`
}
