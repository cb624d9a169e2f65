import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
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
