import { type PackageManager, packageManagers } from '../choices.ts'
import { invokingPackageManager } from '../package-manager.ts'
import { findOnPath } from './search-path.ts'

/**
 * Returns the package managers to choose from, the likeliest first. This is the one that runs this process, or those on
 * the PATH if that is unknown (`node dist/index.js`, an installed tool), or npm if there are none.
 */
export function packageManagerChoices(environment: NodeJS.ProcessEnv): [PackageManager, ...PackageManager[]] {
  const invoking = invokingPackageManager(environment)
  if (invoking !== undefined) return [invoking]
  const [first, ...others] = packageManagers
    .map(({ value }) => value)
    .filter((name) => findOnPath(name, environment) !== undefined)
  return first === undefined ? ['npm'] : [first, ...others]
}
