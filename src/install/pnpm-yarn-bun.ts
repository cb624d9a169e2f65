import type { PackageManager } from '../choices.ts'
import { installEnvironment } from '../package-manager.ts'
import type { CommandOptions } from '../process/commands.ts'
import { retryDelays } from './npm.ts'

type Environment = CommandOptions['env']

/** What a try of an install has beside what the user set. */
interface Try {
  flags?: readonly string[]
  environment?: Environment
}

/** The package managers that install by two tries of this file. */
type Manager = Exclude<PackageManager, 'npm'>

/** Where Yarn has its cache for a try without a network: git takes no notice, and it goes when the try is over. */
const yarnCache = '.mlx/yarn-cache'

/** The tries of each package manager, and why the second one differs. */
const tries: Record<Manager, { first: Try; second: Try; difference: string }> = {
  // It takes what its cache has where it gets no answer, but only when all retries of that package are over: 70 s each
  // by default (pnpm 12.21). Up to version 10 it reads npm's variables.
  pnpm: {
    first: { environment: { pnpm_config_fetch_retries: '0', npm_config_fetch_retries: '0' } },
    second: {},
    difference: '',
  },
  // It resolves from its mirror alone (Yarn 4.18), which its global cache only is to a cache of another place.
  yarn: {
    first: {},
    second: {
      environment: {
        YARN_ENABLE_OFFLINE_MODE: 'true',
        YARN_ENABLE_NETWORK: 'false',
        YARN_ENABLE_MIRROR: 'true',
        YARN_ENABLE_GLOBAL_CACHE: 'false',
        YARN_CACHE_FOLDER: yarnCache,
      },
    },
    difference: ", the second time from Yarn's cache alone",
  },
  // It asks for what is older than five minutes, and gives up where it gets no answer (Bun 1.4).
  bun: {
    first: {},
    second: { flags: ['--offline'] },
    difference: ", the second time from Bun's cache alone",
  },
}

/** As npm's, by the names of pnpm too. */
const pnpmRetryDelays = {
  ...retryDelays,
  pnpm_config_fetch_retry_mintimeout: retryDelays.npm_config_fetch_retry_mintimeout,
  pnpm_config_fetch_retry_maxtimeout: retryDelays.npm_config_fetch_retry_maxtimeout,
}

/**
 * Installs in two tries, so that a machine without a network takes what an earlier project left in the caches. None of these
 * package managers tells a program why it failed, so each failure is followed by the second try.
 *
 * @param run runs the package manager's `install`; gives why it failed, undefined when it did not.
 */
export async function installWithFallback(
  manager: Manager,
  directory: string,
  environment: Environment,
  run: (flags: readonly string[], environment: Environment) => Promise<string | undefined>,
): Promise<string | undefined> {
  const { first, second, difference } = tries[manager]
  const shared = {
    ...(manager === 'pnpm' ? pnpmRetryDelays : {}),
    ...environment,
    ...installEnvironment(manager),
  }
  const attempt = ({ flags = [], environment: more }: Try) => run(flags, { ...shared, ...more })
  const failure = await attempt(first)
  // It was there, and ended by itself.
  if (!failure?.startsWith('exit ')) return failure
  try {
    const again = await attempt(second)
    if (again === undefined) return undefined
    return `${again}, twice${difference} (where the network is why, see "Behind a proxy, offline" in README.md)`
  } finally {
    process.getBuiltinModule('node:fs').rmSync(`${directory}/${yarnCache}`, { recursive: true, force: true })
  }
}
