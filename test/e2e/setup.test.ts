import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pythonDirectory } from '../../packages/engine/src/package-files.ts'
import { obtainUv } from '../../scripts/environment.ts'
import {
  bareMachine,
  basePython,
  type Machine,
  type Outcome,
  oldPythons,
  pretending,
  runScript,
  setupProject,
  sharedPython,
  startScript,
  type TestProject,
} from '../support/setup-project.ts'

let uv: string
let python: string
let project: TestProject
let machine: Machine
/** How long the first setup of a project took, with uv's cache warm. */
let firstSeconds = 0

beforeAll(async () => {
  uv = await obtainUv()
  python = await basePython()
})

beforeEach(() => {
  machine = bareMachine()
})

afterEach(() => machine.remove())

const setup = (...flags: string[]): Promise<Outcome> => runScript(project, 'setup', flags, machine)

function record(): unknown {
  return JSON.parse(readFileSync(project.record, 'utf8'))
}

/** What a user sees when something can't be done: why, the next step, no stack; and nothing half made is left. */
function expectRefusal(outcome: Outcome, ...texts: string[]): void {
  expect(outcome.exitCode).toBe(1)
  for (const text of texts) expect(outcome.stderr).toContain(text)
  expect(outcome.stderr).not.toMatch(/^ {4}at /m)
  expect(existsSync(project.record)).toBe(false)
  expect(existsSync(project.virtualEnvironment)).toBe(false)
}

function wheelOf({ python }: TestProject): string {
  const name = readdirSync(python).find((file) => file.endsWith('.whl'))
  return join(python, name ?? 'no wheel')
}

/** Writes a wheel anew with a worker that can't be imported. */
const breakWorker = `
import sys, zipfile
path = sys.argv[1]
with zipfile.ZipFile(path) as wheel:
    files = {name: wheel.read(name) for name in wheel.namelist()}
files["mlx_app/worker/run.py"] = b"import no_such_module\\n"
with zipfile.ZipFile(path, "w") as wheel:
    for name, data in files.items():
        wheel.writestr(name, data)
`

async function sumInEnvironment(): Promise<string> {
  const interpreter = join(project.virtualEnvironment, 'bin', 'python')
  const { stdout } = await execa(interpreter, [
    '-c',
    'import mlx.core as mx; print(mx.arange(5).sum().item())',
  ])
  return stdout
}

describe('with uv on the PATH, in a folder with a space and an umlaut', { sequential: true }, () => {
  beforeAll(async () => {
    project = await setupProject()
  })
  afterAll(() => project.remove())

  it('sets up from the lock', async () => {
    machine.program('uv', uv)
    machine.program('python3', python)
    const outcome = await setup()
    firstSeconds = outcome.seconds
    expect(outcome.stderr).toBe('')
    expect(outcome.exitCode).toBe(0)
    expect(outcome.stdout).toMatch(/MLX 0\.32\.4 runs on the (CPU|GPU), with mlx-lm 0\.32\.2/)
    expect(outcome.stdout).toContain('Next: npm start')
    expect(record()).toMatchObject({ method: 'uv', python: '.mlx/venv/bin/python', set: 'plain' })
    expect(await sumInEnvironment()).toBe('10')
  })

  it('has compiled what the worker imports, so that the first start is as quick as the next', () => {
    const packages = join(project.virtualEnvironment, 'lib')
    const compiled = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.pyc'),
    )
    for (const name of ['mlx_lm/__pycache__/generate', 'transformers/__pycache__/tokenization_utils_base']) {
      expect(compiled.some((path) => path.includes(name))).toBe(true)
    }
  })

  it('does nothing the second time, and needs neither uv nor a network', async () => {
    machine.environment.UV_OFFLINE = '1'
    const outcome = await setup()
    expect(outcome.stdout).toContain('Already set up')
    expect(outcome.exitCode).toBe(0)
    expect(outcome.seconds).toBeLessThan(firstSeconds / 2)
  })

  it('passes doctor, which asks the hello model', async () => {
    const outcome = await runScript(project, 'doctor', ['--json'], machine)
    const report = JSON.parse(outcome.stdout)
    expect(report.checks.filter((check: { good: boolean | null }) => check.good === false)).toEqual([])
    expect(report.good).toBe(true)
    expect(report.checks).toContainEqual(expect.objectContaining({ name: 'hello model', good: true }))
    expect(outcome.exitCode).toBe(0)
  })

  it('lists the hello model, and refuses an unknown command', async () => {
    const listed = await runScript(project, 'models', [], machine)
    expect(listed.stdout).toMatch(/^\* hello +\d+ kB {2}package +fits /m)
    expect(listed.exitCode).toBe(0)
    const pulled = await runScript(project, 'models', ['download', 'hello'], machine)
    expect(pulled.stdout).toMatch(/^✓ hello is on this machine: \d+ kB in /)
    expect(pulled.exitCode).toBe(0)
    const unknown = await runScript(project, 'models', ['fetch'], machine)
    expect(unknown.stderr).toContain('The commands are list, pull, download, remove, verify, clean.')
    expect(unknown.exitCode).toBe(2)
  })

  it('installs what a changed lock adds and leaves what the user added', async () => {
    machine.program('uv', uv)
    const added = join(project.virtualEnvironment, 'added-by-the-user')
    writeFileSync(added, '')
    // A package that the lock for development has, as a newer version's lock might.
    const development = readFileSync(join(pythonDirectory, 'requirements-dev.lock'), 'utf8')
    const [more = ''] = /^iniconfig==.*(\n {4}.*)*\n/m.exec(development) ?? []
    expect(more).toContain('--hash')
    writeFileSync(join(project.python, 'requirements.lock'), more, { flag: 'a' })
    const outcome = await setup()
    expect(outcome.stdout).toContain('.mlx/venv (kept)')
    expect(outcome.exitCode).toBe(0)
    expect(existsSync(added)).toBe(true)
    const installed = readdirSync(project.virtualEnvironment, { recursive: true, encoding: 'utf8' })
    expect(installed.some((path) => path.endsWith('/iniconfig'))).toBe(true)
    const again = await setup()
    expect(again.stdout).toContain('Already set up')
  })

  it('reports in doctor that the lock has changed', async () => {
    writeFileSync(join(project.python, 'requirements.lock'), '# changed\n', { flag: 'a' })
    const outcome = await runScript(project, 'doctor', [], machine)
    expect(outcome.stdout).toMatch(
      /✗ Python +The Python environment does not have the packages that this version of mlx-app needs\.\n +Run: npm run setup/,
    )
    expect(outcome.exitCode).toBe(1)
  })

  it('repairs an environment whose Python is gone', async () => {
    const interpreter = join(project.virtualEnvironment, 'bin', 'python')
    unlinkSync(interpreter)
    symlinkSync('/no/such/python', interpreter)
    const sick = await runScript(project, 'doctor', [], machine)
    expect(sick.exitCode).toBe(1)
    expect(sick.stdout).toMatch(/✗ Python .*\n +Run: npm run setup/)
    machine.program('uv', uv)
    machine.program('python3', python)
    const outcome = await setup()
    expect(outcome.exitCode).toBe(0)
    expect(await sumInEnvironment()).toBe('10')
  })

  it('reports a worker that does not start, and the setup succeeds', async () => {
    machine.program('uv', uv)
    machine.program('python3', python)
    const wheel = wheelOf(project)
    const whole = readFileSync(wheel)
    await execa(sharedPython, ['-c', breakWorker, wheel])
    const outcome = await setup('--fresh')
    writeFileSync(wheel, whole)
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(outcome.stdout).toContain(
      "The worker does not start: ModuleNotFoundError: No module named 'no_such_module'",
    )
  })

  it('--fresh starts from a clean slate', async () => {
    machine.program('uv', uv)
    machine.program('python3', python)
    const marker = join(project.virtualEnvironment, 'marker')
    writeFileSync(marker, '')
    const outcome = await setup('--fresh')
    expect(outcome.exitCode).toBe(0)
    expect(existsSync(marker)).toBe(false)
    expect(record()).toMatchObject({ set: 'plain' })
  })
})

describe('in a new project', () => {
  beforeEach(async () => {
    project = await setupProject('app')
  })
  afterEach(() => project.remove())

  it('fetches uv with the pip of a Python that is itself too old', async () => {
    machine.script('python3', pretending(python, '3.9.6'))
    machine.program('python3.12', python)
    const outcome = await setup()
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(outcome.stdout).toContain('fetched with the pip of')
    expect(record()).toMatchObject({ method: 'uv' })
    expect(existsSync(join(project.root, '.mlx', 'uv', 'bin', 'uv'))).toBe(true)
    expect(await sumInEnvironment()).toBe('10')
  })

  it.runIf(oldPythons().length > 0)('rejects a real Python that is too old', async () => {
    for (const [index, old] of oldPythons().entries())
      machine.program(index === 0 ? 'python3' : `python3.1${index}`, old)
    expectRefusal(await setup('--env', 'pip'), '3.11 or newer is required', '--env uv')
  })

  it('sets up with pip if uv cannot be fetched', async () => {
    machine.program('python3', python)
    const lock = join(project.python, 'requirements-uv.lock')
    writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll(/[0-9a-f]{64}/g, '0'.repeat(64)))
    const outcome = await setup()
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(outcome.stdout).toContain('Using pip instead')
    expect(record()).toMatchObject({ method: 'pip', python: '.mlx/venv/bin/python', set: 'plain' })
    expect(await sumInEnvironment()).toBe('10')
    expect((await setup('--env', 'pip')).stdout).toContain('Already set up')
  })

  it('takes pip if uv only answers --version', async () => {
    machine.script('uv', '[ "$1" = --version ] && echo "uv 0.13.8" || exit 3')
    machine.program('python3', python)
    // What pip then installs is tested above.
    const lock = join(project.python, 'requirements.lock')
    writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll(/[0-9a-f]{64}/g, '0'.repeat(64)))
    const outcome = await setup()
    expect(outcome.stdout).toContain('Using pip instead')
    expectRefusal(outcome, 'The packages could not be installed')
  })

  it.each(['requirements.lock', 'requirements-uv.lock', '.whl'])(
    'names a missing file of the package: %s',
    async (end) => {
      machine.program('python3', python)
      const file = readdirSync(project.python).find((name) => name.endsWith(end)) ?? ''
      rmSync(join(project.python, file))
      expectRefusal(await setup(), 'The package mlx-app is damaged', file, 'Install the packages')
    },
  )

  it.each(['MLX_PYTHON', 'MLX_SERVING_PYTHON_PATH'])('uses the Python in %s unchanged', async (variable) => {
    machine.environment[variable] = sharedPython
    const outcome = await setup()
    expect(outcome.exitCode, outcome.stderr).toBe(0)
    expect(outcome.stdout).toContain('Using the existing Python')
    expect(record()).toMatchObject({ method: 'existing', python: sharedPython, site: '.mlx/site' })
    expect(existsSync(join(project.root, '.mlx', 'site', 'mlx_app', 'worker'))).toBe(true)
    expect(existsSync(project.virtualEnvironment)).toBe(false)
  })

  it('finds a Python that has mlx-lm with --env existing, and keeps it', async () => {
    machine.program('python', python)
    machine.program('python3', sharedPython)
    expect((await setup('--env', 'existing')).exitCode).toBe(0)
    expect(record()).toMatchObject({ method: 'existing' })
    expect((await setup()).stdout).toContain('Already set up')
  })

  it('says what to do if there is no Python', async () => {
    expectRefusal(await setup(), 'neither uv nor a working Python', 'To fix this:')
  })

  it('refuses a given Python that is too old, broken or missing', async () => {
    machine.environment.MLX_PYTHON = machine.script('old', pretending(sharedPython, '3.9.6'))
    expectRefusal(await setup(), 'it is Python 3.9.6; 3.11 or newer is required', '--env uv')
    machine.environment.MLX_PYTHON = machine.script('broken', 'echo "dyld: Library not loaded" >&2; exit 1')
    expectRefusal(await setup(), 'MLX_PYTHON is set to', 'dyld: Library not loaded')
    machine.environment.MLX_PYTHON = '/no/such/python'
    expectRefusal(await setup(), '/no/such/python: it does not exist', 'remove MLX_PYTHON')
    machine.environment.MLX_PYTHON = python
    expectRefusal(await setup(), 'mlx, mlx-lm, msgspec not installed')
  })

  it('refuses a Python whose MLX can be imported and does not compute', async () => {
    const fake = (body: string) => {
      machine.script('fake/mlx/__init__.py', '')
      machine.script('fake/mlx/core.py', `"""\n"""\n${body}`)
      const folder = join(machine.environment.PATH ?? '', 'fake')
      return machine.script('python-fake', `export PYTHONPATH='${folder}'\nexec '${sharedPython}' "$@"`)
    }
    machine.environment.MLX_PYTHON = fake('raise ImportError("wheel of another system")')
    expectRefusal(await setup(), 'wheel of another system')
    machine.environment.MLX_PYTHON = fake('')
    expectRefusal(await setup(), 'MLX does not work in')
  })

  it.each(['uv', 'pip'])('%s refuses a package whose hash differs from the lock', async (way) => {
    machine.program('uv', uv)
    machine.program('python3', python)
    const lock = join(project.python, 'requirements.lock')
    const text = readFileSync(lock, 'utf8')
    const [first = ''] = text.split(/^(?=annotated-types==)/m)
    writeFileSync(lock, first.replaceAll(/[0-9a-f]{64}/g, '0'.repeat(64)) + text.slice(first.length))
    const outcome = await setup('--env', way)
    expectRefusal(outcome, 'The packages could not be installed')
    expect(outcome.stderr.toLowerCase()).toMatch(/hash/)
  })

  it('passes a Python mirror on to uv, and leaves nothing behind if it has none', async () => {
    machine.program('uv', uv)
    machine.environment.UV_PYTHON_INSTALL_MIRROR = 'file:///no/such/mirror'
    machine.environment.UV_PYTHON_INSTALL_DIR = join(machine.environment.HOME ?? '', 'pythons')
    expectRefusal(await setup(), '/no/such/mirror', 'The virtual environment could not be created')
  })

  it('passes proxies and mirrors on to child processes, and excludes loopback from the proxy', async () => {
    const seen = join(project.root, 'seen')
    machine.script('uv', `[ "$1" = --version ] || /usr/bin/env > '${seen}'; exec '${uv}' "$@"`)
    machine.program('python3', python)
    Object.assign(machine.environment, {
      HTTPS_PROXY: 'http://proxy.test:3128',
      SSL_CERT_FILE: '/company.pem',
      UV_DEFAULT_INDEX: 'http://mirror.test/simple',
      UV_OFFLINE: '1',
    })
    await setup('--env', 'uv')
    const lines = readFileSync(seen, 'utf8').split('\n')
    expect(lines).toContain('HTTPS_PROXY=http://proxy.test:3128')
    expect(lines).toContain('SSL_CERT_FILE=/company.pem')
    expect(lines).toContain('UV_DEFAULT_INDEX=http://mirror.test/simple')
    expect(lines.find((line) => line.startsWith('NO_PROXY='))).toContain('localhost,127.0.0.1,::1')
  })

  it('leaves nothing half done when interrupted, and continues the next time', async () => {
    // A uv that makes the environment and then never ends installing.
    const installing = join(project.root, 'installing')
    machine.script(
      'uv',
      `if [ "$1" = pip ]; then : > '${installing}'; while :; do :; done; fi; exec '${uv}' "$@"`,
    )
    machine.program('python3', python)
    const running = startScript(project, 'setup', ['--env', 'uv'], machine)
    await expect.poll(() => existsSync(installing), { interval: 50 }).toBe(true)
    expect(existsSync(project.virtualEnvironment)).toBe(true)
    running.kill('SIGINT')
    const { exitCode, stderr } = await running
    expect(exitCode).toBe(130)
    expect(stderr).toContain('Interrupted')
    expect(stderr).toContain('To continue, run: npm run setup')
    expect(existsSync(project.virtualEnvironment)).toBe(false)
    expect(existsSync(project.record)).toBe(false)
    machine.program('uv', uv)
    expect((await setup()).exitCode).toBe(0)
  })

  it('lets two setups that start at once both succeed', async () => {
    machine.program('uv', uv)
    machine.program('python3', python)
    const outcomes = await Promise.all([setup(), setup()])
    expect(outcomes.map((outcome) => outcome.exitCode)).toEqual([0, 0])
    const texts = outcomes.map((outcome) => outcome.stdout).join('\n')
    expect(texts).toContain('Waiting for another setup')
    expect(texts).toContain('Already set up')
  })

  it('refuses unknown flags, with exit code 2', async () => {
    for (const flags of [['--envy', 'uv'], ['--env', 'conda'], ['more']]) {
      const outcome = await setup(...flags)
      expect(outcome.exitCode).toBe(2)
      expect(outcome.stderr).toContain('See --help')
    }
    expect((await setup('--help')).stdout).toContain('--env uv|pip|existing')
  })
})
