import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { newestMinor, oldestMinor } from '../../packages/engine/src/setup/machine/interpreter.ts'
import { obtainUv } from '../../scripts/environment.ts'
import { bareMachine, basePython, type Machine } from '../support/setup-project.ts'

let machine: Machine
let uv: string

beforeAll(async () => {
  uv = await obtainUv()
  machine = bareMachine()
  // uv needs some Python to start from, and would download one.
  machine.program('python3', await basePython())
})

afterAll(() => machine.remove())

const systems = {
  'macOS 14 on Apple silicon': [
    'aarch64-apple-darwin',
    'requirements.lock',
    'requirements-dev.lock',
    'requirements-vision.lock',
    'requirements-server.lock',
  ],
  'Linux on x86_64': [
    'x86_64-manylinux_2_35',
    'requirements.lock',
    'requirements-dev.lock',
    'requirements-cuda.lock',
    'requirements-vision.lock',
    'requirements-server.lock',
  ],
  // Not the extra: of miniaudio there is no wheel, it is built from its source there.
  'Linux on ARM': [
    'aarch64-manylinux_2_35',
    'requirements.lock',
    'requirements-dev.lock',
    'requirements-cuda.lock',
    'requirements-server.lock',
  ],
}

/** The locks that one is installed with: that of an extra names only what it adds. */
const together = (lock: string): string[] =>
  /-(vision|server)\.lock$/.test(lock) ? ['requirements.lock', lock] : [lock]

it.each(Object.entries(systems))(
  '%s has a wheel for each package in the lock',
  async (_, [platform = '', ...locks]) => {
    for (let version = oldestMinor; version <= newestMinor; version++) {
      for (const lock of locks) {
        const wheelsOnly = [
          '--only-binary',
          ':all:',
          '--require-hashes',
          ...together(lock).flatMap((name) => ['-r', join(pythonDirectory, name)]),
        ]
        const target = ['--target', '/nowhere', '--python-platform', platform]
        const result = await execa(
          uv,
          ['pip', 'install', '--dry-run', ...target, '--python-version', `3.${version}`, ...wheelsOnly],
          {
            cwd: tmpdir(),
            env: { ...machine.environment, MACOSX_DEPLOYMENT_TARGET: '14.0' },
            extendEnv: false,
          },
        )
        expect(result.stderr).toMatch(/Would install \d+ packages/)
      }
    }
  },
)
