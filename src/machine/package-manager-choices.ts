import { type PackageManager, packageManagers } from '../choices.ts'
import { invokingPackageManager } from '../package-manager.ts'
import { findOnPath } from './search-path.ts'

/** Those on the PATH of an environment, since the default and the prompt of the option both need them. */
const onPath = new WeakMap<NodeJS.ProcessEnv, PackageManager[]>()

/**
 * Returns the package managers to choose from, the likeliest first. This is the one that runs this process, or those on
 * the PATH if that is unknown (`node dist/index.js`, an installed tool), or npm if there are none.
 */
export function packageManagerChoices(environment: NodeJS.ProcessEnv): [PackageManager, ...PackageManager[]] {
  const invoking = invokingPackageManager(environment)
  if (invoking !== undefined) return [invoking]
  const found = onPath.get(environment) ?? findPackageManagers(environment)
  onPath.set(environment, found)
  const [first, ...others] = found
  return first === undefined ? ['npm'] : [first, ...others]
}

function findPackageManagers(environment: NodeJS.ProcessEnv): PackageManager[] {
  return packageManagers
    .map(({ value }) => value)
    .filter((name) => findOnPath(name, environment) !== undefined)
}
