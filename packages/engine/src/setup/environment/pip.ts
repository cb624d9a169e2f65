import { interpreterIn } from '../../engine/project/index.ts'
import type { Python } from '../machine/interpreter.ts'
import { networkHint, runVisibly } from '../process/child-process.ts'
import type { Run } from './uv.ts'

/** Makes the virtual environment by Python's own means. */
export async function createEnvironmentWithPip(
  python: Python,
  virtualEnvironment: string,
  run: Run,
): Promise<void> {
  await runVisibly(python.path, ['-m', 'venv', virtualEnvironment], {
    ...run,
    failure: 'The virtual environment could not be made',
    hint: networkHint,
  })
}

/** Installs exactly what the locks name; what else is in the environment stays. */
export async function installWithPip(virtualEnvironment: string, locks: string[], run: Run): Promise<void> {
  await runVisibly(
    interpreterIn(virtualEnvironment),
    [
      ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-compile', '--require-hashes'],
      ...(process.stderr.isTTY ? [] : ['--quiet']),
      ...locks.flatMap((lock) => ['-r', lock]),
    ],
    { ...run, failure: 'The packages could not be installed', hint: networkHint },
  )
}

/** Installs a wheel as it is: what it needs, the locks have brought. Without a network, and in place of the same version. */
export async function installWheelWithPip(
  virtualEnvironment: string,
  wheel: string,
  run: Run,
): Promise<void> {
  await runVisibly(
    interpreterIn(virtualEnvironment),
    [
      ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-compile', '--quiet'],
      ...['--no-index', '--no-deps', '--force-reinstall', wheel],
    ],
    { ...run, failure: 'The Python code of mlx-app could not be installed', hint: networkHint },
  )
}
