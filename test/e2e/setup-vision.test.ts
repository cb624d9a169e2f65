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
import { visionDownloadMs } from '../support/time-limits.ts'

let project: TestProject
let machine: Machine

beforeAll(async () => {
  machine = bareMachine()
  machine.program('uv', await obtainUv())
  machine.program('python3', await basePython())
  project = await setupProject('app')
})

afterAll(() => {
  project.remove()
  machine.remove()
})

const recordedSet = (): unknown => JSON.parse(readFileSync(project.record, 'utf8')).set

/** What the doctor says of the extra. */
const doctorsLine = async (): Promise<unknown> => {
  const { stdout } = await runScript(project, 'doctor', ['--json'], machine)
  return JSON.parse(stdout).checks.find((check: { name: string }) => check.name === 'images, embeddings')
}

it(
  'adds images and embeddings to an existing environment, and keeps them',
  async () => {
    expect((await runScript(project, 'setup', [], machine)).exitCode).toBe(0)
    expect(await doctorsLine()).toEqual({
      name: 'images, embeddings',
      good: null,
      detail: 'not installed; to add them, run: npm run setup -- --with vision',
    })

    const added = await runScript(project, 'setup', ['--with', 'vision'], machine)
    expect(added.exitCode, added.stderr).toBe(0)
    expect(added.stdout).toContain('.mlx/venv (kept)')
    expect(added.stdout).toContain('Packages from requirements.lock and requirements-vision.lock')
    expect(recordedSet()).toBe('vision')
    const python = join(project.virtualEnvironment, 'bin', 'python')
    await execa(python, ['-c', 'import mlx_vlm.embedding_loader, PIL.Image'])
    expect(await doctorsLine()).toMatchObject({ good: true, detail: expect.stringMatching(/as locked$/) })

    const again = await runScript(project, 'setup', [], machine)
    expect(again.stdout).toContain('Already set up')
    expect(recordedSet()).toBe('vision')
  },
  visionDownloadMs,
)

it('refuses an unknown extra', async () => {
  const outcome = await runScript(project, 'setup', ['--with', 'sound'], machine)
  expect(outcome.stderr).toContain('--with must be vision, not sound.')
  expect(outcome.exitCode).toBe(2)
})
