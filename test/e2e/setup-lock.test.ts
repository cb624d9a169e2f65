import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { obtainUv } from '../../scripts/environment.ts'
import { newestMinor, oldestMinor } from '../../packages/engine/src/setup/interpreter.ts'
import {
  bareMachine,
  basePython,
  type Machine,
  runScript,
  setupProject,
  type TestProject,
} from '../support/setup-project.ts'

let project: TestProject
let machine: Machine
let uv: string

beforeAll(async () => {
  uv = await obtainUv()
  machine = bareMachine()
  machine.program('uv', uv)
  machine.program('python3', await basePython())
  project = await setupProject('app')
})

afterAll(() => {
  project.remove()
  machine.remove()
})

/** Runs uv in the Python half, as the README says. */
const runUv = (...uvArguments: string[]) =>
  execa(uv, uvArguments, { cwd: join(project.root, 'python'), env: machine.environment, extendEnv: false })

const versions = (): string[] => {
  const lock = readFileSync(join(project.root, 'python', 'requirements.lock'), 'utf8')
  return lock.match(/^[\w.-]+==[^ ;]+/gm) ?? []
}

it('a package that the user adds comes with the next set-up, and moves no other version', async () => {
  const before = versions()
  await runUv('add', 'iniconfig')
  await runUv('export', '--no-dev', '--no-emit-project', '-o', 'requirements.lock')
  const added = versions().filter((version) => !before.includes(version))
  expect(added).toEqual([expect.stringMatching(/^iniconfig==/)])
  expect(before.filter((version) => !versions().includes(version))).toEqual([])

  const outcome = await runScript(project, 'setup', [], machine)
  expect(outcome.exitCode, outcome.stderr).toBe(0)
  const python = join(project.virtualEnvironment, 'bin', 'python')
  await execa(python, ['-c', 'import iniconfig, mlx_lm'])
})

const systems = {
  'macOS 14 on Apple silicon': [
    'aarch64-apple-darwin',
    'requirements.lock',
    'requirements-dev.lock',
    'requirements-vision.lock',
  ],
  'Linux on x86_64': [
    'x86_64-manylinux_2_35',
    'requirements.lock',
    'requirements-dev.lock',
    'requirements-cuda.lock',
    'requirements-vision.lock',
  ],
  // Not the extra: of miniaudio there is no wheel, it is built from its source there.
  'Linux on ARM': [
    'aarch64-manylinux_2_35',
    'requirements.lock',
    'requirements-dev.lock',
    'requirements-cuda.lock',
  ],
}

/** The locks that one is installed with: that of the extra names only what it adds. */
const together = (lock: string): string[] =>
  lock === 'requirements-vision.lock' ? ['requirements.lock', lock] : [lock]

it.each(Object.entries(systems))(
  '%s has a wheel of the lock for each package',
  async (_, [platform = '', ...locks]) => {
    for (let version = oldestMinor; version <= newestMinor; version++) {
      for (const lock of locks) {
        const wheelsOnly = [
          '--only-binary',
          ':all:',
          '--require-hashes',
          ...together(lock).flatMap((name) => ['-r', join(pythonDirectory, name)]),
        ]
        const target = ['--target', join(project.root, 'nowhere'), '--python-platform', platform]
        const result = await execa(
          uv,
          ['pip', 'install', '--dry-run', ...target, '--python-version', `3.${version}`, ...wheelsOnly],
          {
            cwd: project.root,
            env: { ...machine.environment, MACOSX_DEPLOYMENT_TARGET: '14.0' },
            extendEnv: false,
          },
        )
        expect(result.stderr).toMatch(/Would install \d+ packages/)
      }
    }
  },
)
