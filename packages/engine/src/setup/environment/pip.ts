import { devNull } from 'node:os'
import { interpreterIn } from '../../engine/project/index.ts'
import type { Python } from '../machine/interpreter.ts'
import { networkHint, type ProcessOptions, runVisibly } from '../process/child-process.ts'
import { pipOptions } from '../process/pip-configuration.ts'
import { wheelArgument } from '../process/wheel.ts'

/** Creates a virtual environment with Python's own venv module. */
export async function createEnvironmentWithPip(
  python: Python,
  virtualEnvironment: string,
  options: ProcessOptions,
): Promise<void> {
  await runVisibly(python.path, ['-m', 'venv', virtualEnvironment], {
    ...options,
    failure: 'The virtual environment could not be created',
    hint: networkHint,
  })
}

/** Installs exactly the packages that the locks name, and leaves other packages in place. */
export async function installWithPip(
  virtualEnvironment: string,
  locks: string[],
  options: ProcessOptions,
): Promise<void> {
  await runVisibly(
    interpreterIn(virtualEnvironment),
    [
      ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-compile', '--require-hashes'],
      ...(process.stderr.isTTY ? [] : ['--quiet']),
      ...locks.flatMap((lock) => ['-r', lock]),
    ],
    {
      ...(await pipOptions(interpreterIn(virtualEnvironment), options)),
      failure: 'The packages could not be installed',
      hint: networkHint,
    },
  )
}

/** Installs a wheel without its dependencies and without a network, replacing an equal version. */
export async function installWheelWithPip(
  virtualEnvironment: string,
  wheel: string,
  options: ProcessOptions,
): Promise<void> {
  const { directory, argument } = wheelArgument(wheel)
  await runVisibly(
    interpreterIn(virtualEnvironment),
    [
      ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-compile', '--quiet'],
      ...['--no-index', '--no-deps', '--force-reinstall', argument],
    ],
    {
      ...options,
      directory,
      // Without an index, nothing of the user's configuration is needed.
      environment: { ...options.environment, PIP_CONFIG_FILE: devNull },
      failure: 'The Python package mlx-app could not be installed',
      hint: networkHint,
    },
  )
}
