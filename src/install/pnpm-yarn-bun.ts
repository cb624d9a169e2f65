import type { PackageManager } from '../choices.ts'
import { installEnvironment } from '../package-manager.ts'
import type { CommandOptions } from '../process/commands.ts'
import { retryDelays } from './npm.ts'

type Environment = CommandOptions['env']

/** What one attempt of an install adds to the user's settings. */
interface Attempt {
  flags?: readonly string[]
  environment?: Environment
}

/** The package managers that get a second attempt. */
type Manager = Exclude<PackageManager, 'npm'>

/** Yarn's cache for an attempt without a network. git ignores it, and it is removed after the attempt. */
const yarnCache = '.mlx/yarn-cache'

/** Both attempts of each package manager, and how the second one differs, for the user. */
const attempts: Record<Manager, { first: Attempt; second: Attempt; difference: string }> = {
  // Without an answer pnpm uses its cache, but only after all retries of that package: 70 s each by default (12.21).
  // Up to version 10 it reads npm's variables.
  pnpm: {
    first: { environment: { pnpm_config_fetch_retries: '0', npm_config_fetch_retries: '0' } },
    second: {},
    difference: '',
  },
  // Offline, Yarn resolves only from its mirror (4.18). Its global cache is a mirror only for a cache in another folder.
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
    difference: ", the second time with Yarn's cache only",
  },
  // Bun asks for everything older than five minutes, and gives up when it gets no answer (1.4).
  bun: {
    first: {},
    second: { flags: ['--offline'] },
    difference: ", the second time with Bun's cache only",
  },
}

/** The same delays, also by pnpm's names. */
const pnpmRetryDelays = {
  ...retryDelays,
  pnpm_config_fetch_retry_mintimeout: retryDelays.npm_config_fetch_retry_mintimeout,
  pnpm_config_fetch_retry_maxtimeout: retryDelays.npm_config_fetch_retry_maxtimeout,
}

/**
 * Installs in up to two attempts, so that a machine without a network uses what an earlier project left in the caches.
 * None of these package managers tells a program why it failed, so every failure gets the second attempt.
 *
 * @param run runs the package manager's `install`, and returns why it failed, undefined when it succeeded.
 */
export async function installWithFallback(
  manager: Manager,
  directory: string,
  environment: Environment,
  run: (flags: readonly string[], environment: Environment) => Promise<string | undefined>,
): Promise<string | undefined> {
  const { first, second, difference } = attempts[manager]
  const shared = {
    ...(manager === 'pnpm' ? pnpmRetryDelays : {}),
    ...environment,
    ...installEnvironment(manager),
  }
  const attempt = ({ flags = [], environment: more }: Attempt) => run(flags, { ...shared, ...more })
  const failure = await attempt(first)
  // Only a package manager that ran and exited by itself gets the second attempt.
  if (!failure?.startsWith('exit ')) return failure
  try {
    const secondFailure = await attempt(second)
    if (secondFailure === undefined) return undefined
    return `${secondFailure}, twice${difference} (if the network is the cause, see "Proxies, mirrors and offline use" in README.md)`
  } finally {
    process.getBuiltinModule('node:fs').rmSync(`${directory}/${yarnCache}`, { recursive: true, force: true })
  }
}
