import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { interpreterIn } from '../../engine/project/index.ts'
import { uvIn } from '../machine/find-programs.ts'
import type { Python } from '../machine/interpreter.ts'
import {
  networkHint,
  type ProcessOptions,
  runForOutput,
  runVisibly,
  throwIfInterrupted,
} from '../process/child-process.ts'
import { pipOptions } from '../process/pip-configuration.ts'
import { wheelArgument } from '../process/wheel.ts'

/** How long a slow disk may take to copy packages from the cache. */
const cacheTimeoutMs = 1_800_000

/**
 * Fetches uv into a folder of the project, with the pip of Python 3.8 or newer. If the Python has no pip, a temporary
 * virtual environment provides one. Installing into a folder works even if the system's package manager owns the
 * packages.
 *
 * @returns the path of uv.
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function fetchUv(
  python: Python,
  folder: string,
  lock: string,
  options: ProcessOptions,
): Promise<string> {
  let pip = python.path
  const temporary = join(folder, 'pip')
  if (!python.pip) {
    await runVisibly(python.path, ['-m', 'venv', temporary], {
      ...options,
      failure: 'The virtual environment that provides pip could not be created',
      hint: networkHint,
    })
    pip = interpreterIn(temporary)
  }
  await runVisibly(
    pip,
    [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'],
      ...['--upgrade', '--target', folder, '-r', lock],
    ],
    { ...(await pipOptions(pip, options)), failure: 'uv could not be fetched', hint: networkHint },
  )
  await rm(temporary, { recursive: true, force: true })
  return uvIn(folder)
}

/**
 * Creates a virtual environment.
 *
 * @param python path of an interpreter, or a request; uv then finds or downloads the Python.
 */
export async function createEnvironmentWithUv(
  uv: string,
  python: string,
  virtualEnvironment: string,
  options: ProcessOptions,
): Promise<void> {
  await runVisibly(uv, ['venv', '--quiet', '--no-project', '--python', python, virtualEnvironment], {
    ...options,
    failure: 'The virtual environment could not be created',
    hint: networkHint,
  })
}

/** Installs exactly the packages that the locks name, and leaves other packages in place. */
export async function installWithUv(
  uv: string,
  interpreter: string,
  locks: string[],
  options: ProcessOptions,
): Promise<void> {
  const files = locks.flatMap((lock) => ['-r', lock])
  const uvArguments = ['pip', 'install', '--python', interpreter, '--require-hashes', ...files]
  await runFromCacheOrNetwork(uv, uvArguments, options, 'The packages could not be installed')
}

/**
 * Runs uv with its cache alone, and with the network only if that fails. Locked versions with hashes can't have newer
 * packages, so uv doesn't need to ask the index again, and setup works offline.
 *
 * @param failure what failed if the second attempt fails too.
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function runFromCacheOrNetwork(
  uv: string,
  uvArguments: string[],
  options: ProcessOptions,
  failure: string,
): Promise<void> {
  const { environment, signal } = options
  const offline = [...uvArguments, '--quiet', '--offline']
  const cached = await runForOutput(uv, offline, environment, cacheTimeoutMs, signal)
  await throwIfInterrupted(signal)
  if ('output' in cached) return
  // In a log, uv's progress would be a line for each package.
  const quiet = process.stderr.isTTY ? [] : ['--quiet']
  await runVisibly(uv, [...uvArguments, ...quiet], { ...options, failure, hint: networkHint })
}

/** Installs a wheel without its dependencies and without a network, replacing an equal version. */
export async function installWheelWithUv(
  uv: string,
  interpreter: string,
  wheel: string,
  options: ProcessOptions,
): Promise<void> {
  const { directory, argument } = wheelArgument(wheel)
  await runVisibly(
    uv,
    ['pip', 'install', '--python', interpreter, '--quiet', '--offline', '--no-deps', '--reinstall', argument],
    {
      ...options,
      directory,
      failure: 'The Python package mlx-app could not be installed',
      hint: networkHint,
    },
  )
}
