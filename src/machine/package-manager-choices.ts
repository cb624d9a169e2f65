import { type PackageManager, packageManagers } from '../choices.ts'
import { findOnPath } from './search-path.ts'

/**
 * The package managers to choose between, the likeliest first: the one that runs this process; where that can't be
 * told (`node dist/index.js`, a tool that is installed), those on the PATH; npm where there is none.
 */
export function packageManagerChoices(
  environment: NodeJS.ProcessEnv,
  invoking: PackageManager | undefined,
): [PackageManager, ...PackageManager[]] {
  if (invoking !== undefined) return [invoking]
  const [first, ...others] = packageManagers
    .map(({ value }) => value)
    .filter((name) => findOnPath(name, environment) !== undefined)
  return first === undefined ? ['npm'] : [first, ...others]
}
