/** The set-up on machines whose Python, pip, uv and conda are set for something else, and set-ups that fail. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import {
  bareMachine,
  basePython,
  type Machine,
  runScript,
  setupProject,
  type TestProject,
} from '../support/setup-project.ts'

let uv: string
let python: string
let project: TestProject
let machine: Machine

beforeAll(async () => {
  uv = await obtainUv()
  python = await basePython()
})
beforeEach(() => {
  machine = bareMachine()
  machine.program('uv', uv)
  machine.program('python3', python)
})
afterEach(() => machine.remove())

const run = (name: string, ...flags: string[]) => runScript(project, name, flags, machine)

/** Checks everything up to an answer of the hello model. */
async function expectWorks(): Promise<void> {
  const { stdout, exitCode } = await run('doctor', '--json')
  const { checks } = JSON.parse(stdout)
  expect(checks.filter((check: { good: boolean | null }) => check.good === false)).toEqual([])
  expect(exitCode).toBe(0)
}

/** Sets everything that would install elsewhere, or import something else. */
function disturb(): void {
  const home = machine.environment.HOME ?? ''
  const modules = join(home, 'modules')
  for (const name of ['mlx', 'mlx_lm', 'msgspec', 'json']) {
    mkdirSync(join(modules, name), { recursive: true })
    writeFileSync(join(modules, name, '__init__.py'), 'raise SystemExit("the wrong module")\n')
  }
  const elsewhere = join(home, 'elsewhere')
  writeFileSync(join(home, 'constraints.txt'), 'numpy<1\n')
  const pipConf = join(home, '.config', 'pip', 'pip.conf')
  const uvToml = join(home, '.config', 'uv', 'uv.toml')
  for (const path of [pipConf, uvToml]) mkdirSync(dirname(path), { recursive: true })
  writeFileSync(pipConf, `[install]\ntarget = ${elsewhere}\nconstraint = ${home}/constraints.txt\n`)
  writeFileSync(uvToml, `constraint-dependencies = ["numpy<1"]\n[pip]\ntarget = "${elsewhere}"\n`)
  writeFileSync(
    join(dirname(project.root), 'pyproject.toml'),
    '[project]\nname = "monorepo"\nversion = "0"\n[tool.uv]\nconstraint-dependencies = ["numpy<1"]\n',
  )
  Object.assign(machine.environment, {
    PYTHONPATH: modules,
    PYTHONHOME: elsewhere,
    PYTHONUSERBASE: modules,
    PYTHONSTARTUP: join(modules, 'json', '__init__.py'),
    PYTHONWARNINGS: 'error',
    PIP_TARGET: elsewhere,
    PIP_PREFIX: elsewhere,
    PIP_CONSTRAINT: join(home, 'constraints.txt'),
    PIP_DRY_RUN: '1',
    PIP_PYTHON: '/no/such/python',
    UV_PYTHON: '2.7',
    UV_CONSTRAINT: join(home, 'constraints.txt'),
    UV_PROJECT_ENVIRONMENT: elsewhere,
    UV_EXCLUDE_NEWER: '2001-01-01',
    CONDA_PREFIX: elsewhere,
    VIRTUAL_ENV: elsewhere,
  })
}

// pip takes a minute.
const ways = process.env.SOAK === '1' ? ['uv', 'pip'] : ['uv']

describe.each(ways)('with settings for something else, %s', { sequential: true }, (way) => {
  beforeAll(async () => {
    project = await setupProject(`by ${way}`)
  })
  afterAll(() => project.remove())

  it('sets up, and everything works', async () => {
    disturb()
    const { exitCode, stderr } = await run('setup', '--env', way)
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    expect(existsSync(join(machine.environment.HOME ?? '', 'elsewhere'))).toBe(false)
    await expectWorks()
  })

  it('leaves what works if another setup fails', async () => {
    disturb()
    const record = readFileSync(project.record, 'utf8')
    const lock = join(project.python, 'requirements.lock')
    const text = readFileSync(lock, 'utf8')
    writeFileSync(lock, text.replaceAll(/[0-9a-f]{64}/g, '0'.repeat(64)))
    const { exitCode, stderr } = await run('setup', '--fresh', '--env', way)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('The packages could not be installed')
    writeFileSync(lock, text)
    expect(readFileSync(project.record, 'utf8')).toBe(record)
    await expectWorks()
  })

  it('brings back what works after a setup that was killed', async () => {
    // The state in which SIGKILL leaves it: the former environment is set aside, the new one is incomplete.
    const folder = dirname(project.record)
    const former = join(folder, 'former')
    mkdirSync(former)
    renameSync(project.record, join(former, 'environment.json'))
    renameSync(project.virtualEnvironment, join(former, 'venv'))
    mkdirSync(join(project.virtualEnvironment, 'bin'), { recursive: true })
    const { stdout, exitCode } = await run('setup')
    expect(stdout).toContain('Already set up')
    expect(exitCode).toBe(0)
    expect(existsSync(former)).toBe(false)
    rmSync(join(dirname(project.root), 'pyproject.toml'))
    await expectWorks()
  })
})
