import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { interpreterIn } from '../../engine/project/index.ts'
import type { Python } from '../machine/interpreter.ts'
import {
  ask,
  networkHint,
  type RunOptions,
  runVisibly,
  throwIfInterrupted,
} from '../process/child-process.ts'

/** What every program of the set-up is run with. */
export type Run = Omit<RunOptions, 'failure' | 'hint'>

const suffix = process.platform === 'win32' ? '.exe' : ''

/** As long as a slow disk may take to copy what a cache has. */
const cacheTimeoutMs = 1_800_000

/**
 * Fetches uv, a program in a wheel, by the pip of any Python into a folder of the project. Where Python has no pip,
 * a virtual environment lends one. pip's rule about packages that the system owns does not apply to a folder.
 *
 * @returns the path of uv.
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function fetchUv(python: Python, folder: string, lock: string, run: Run): Promise<string> {
  let pip = python.path
  const lender = join(folder, 'pip')
  if (!python.pip) {
    await runVisibly(python.path, ['-m', 'venv', lender], {
      ...run,
      failure: 'The virtual environment that lends its pip could not be made',
      hint: networkHint,
    })
    pip = interpreterIn(lender)
  }
  await runVisibly(
    pip,
    [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'],
      ...['--upgrade', '--target', folder, '-r', lock],
    ],
    { ...run, failure: 'uv could not be fetched', hint: networkHint },
  )
  await rm(lender, { recursive: true, force: true })
  return join(folder, 'bin', `uv${suffix}`)
}

/** Makes the virtual environment; uv finds or downloads the Python when `python` is a request and no path. */
export async function createEnvironmentWithUv(
  uv: string,
  python: string,
  virtualEnvironment: string,
  run: Run,
): Promise<void> {
  await runVisibly(uv, ['venv', '--quiet', '--no-project', '--python', python, virtualEnvironment], {
    ...run,
    failure: 'The virtual environment could not be made',
    hint: networkHint,
  })
}

/**
 * Installs exactly what the locks name; what else is in the environment stays. What uv's cache has is not asked for
 * again: with exact versions and hashes there is nothing newer to be found, and it works without a network.
 */
export async function installWithUv(
  uv: string,
  interpreter: string,
  locks: string[],
  run: Run,
): Promise<void> {
  const files = locks.flatMap((lock) => ['-r', lock])
  const words = ['pip', 'install', '--python', interpreter, '--require-hashes', ...files]
  await runFromCacheOrNetwork(uv, words, run, 'The packages could not be installed')
}

/**
 * Runs uv with what its cache has, and with a network where that is not enough.
 *
 * @param failure what could not be done where that fails too.
 * @throws EngineError DOWNLOAD_FAILED
 */
export async function runFromCacheOrNetwork(
  uv: string,
  words: string[],
  run: Run,
  failure: string,
): Promise<void> {
  const offline = [...words, '--quiet', '--offline']
  const cached = await ask(uv, offline, run.environment, cacheTimeoutMs, run.signal)
  await throwIfInterrupted(run.signal)
  if ('output' in cached) return
  // Its progress is for eyes; a log would get a line for each package.
  const progress = process.stderr.isTTY ? [] : ['--quiet']
  await runVisibly(uv, [...words, ...progress], { ...run, failure, hint: networkHint })
}

/** Installs a wheel as it is: what it needs, the locks have brought. Without a network, and in place of the same version. */
export async function installWheelWithUv(
  uv: string,
  interpreter: string,
  wheel: string,
  run: Run,
): Promise<void> {
  await runVisibly(
    uv,
    ['pip', 'install', '--python', interpreter, '--quiet', '--offline', '--no-deps', '--reinstall', wheel],
    { ...run, failure: 'The Python code of mlx-app could not be installed', hint: networkHint },
  )
}
