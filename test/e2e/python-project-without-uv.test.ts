/** A Python package that is created on a machine without uv: with pip, and with uv that pip installs. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { obtainUv } from '../../scripts/environment.ts'
import { pythonInstallSteps } from '../../src/python-project.ts'
import { oddNames } from '../support/folders.ts'
import { answerTo } from '../support/hello.ts'
import { installTool } from '../support/install-tool.ts'
import { pythonCommandEnvironment } from '../support/python-project.ts'
import { versionsIn } from '../support/python-project-copy.ts'
import { basePython } from '../support/setup-project.ts'
import { programs } from '../support/tool.ts'
import { commandsOf } from '../support/workflows.ts'

const folder = mkdtempSync(join(tmpdir(), oddNames.python))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const question = 'Say hello.'
const packagesSchema = z.array(z.object({ name: z.string(), version: z.string() }))
/** The environment of a user who has git and Python. */
let plain: NodeJS.ProcessEnv
/** A configuration of pip. */
const hostile = join(folder, 'pip.conf')
let tool = ''
let python = ''

beforeAll(async () => {
  const own = join(folder, 'only these')
  mkdirSync(own)
  symlinkSync(process.execPath, join(own, 'node'))
  const identity = ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'Ada Lovelace'],
    [`GIT_${role}_EMAIL`, 'ada@example.com'],
  ])
  plain = {
    ...(await pythonCommandEnvironment()),
    ...Object.fromEntries(identity),
    MLX_MODEL: 'hello',
    // For pip this means: don't compile thousands of modules, of which this test needs few.
    PIP_NO_COMPILE: '0',
    PATH: [own, '/usr/bin', '/bin'].join(delimiter),
  }
  python = await basePython()
  tool = await installTool(folder)
  // What would install the packages elsewhere.
  writeFileSync(hostile, `[install]\ntarget = ${join(folder, 'elsewhere')}\nconstraint = /no/such/file\n`)
})

/** Creates a project without a terminal. @returns its folder, and what the tool printed. */
async function create(name: string, env: 'pip' | 'uv'): Promise<[place: string, printed: string]> {
  const place = join(folder, name)
  const flags = ['--yes', '--python', '--model', 'hello', '--with', 'ci', '--env', env]
  const { all, exitCode } = await execa(tool, [place, ...flags, '--python-path', python], {
    env: { ...plain, PIP_CONFIG_FILE: hostile },
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  expect(exitCode, all).toBe(0)
  expect(await run('git status --porcelain', place)).toBe('')
  return [place, all]
}

/** Runs a command line in a project, which must succeed. @returns its standard output. */
async function run(line: string, cwd: string, settings: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { ...plain, ...settings }
  const { exitCode, stdout, all } = await execa('sh', ['-c', line], { cwd, env, reject: false, all: true })
  expect(exitCode, `${line}\n${all}`).toBe(0)
  return stdout
}

test('pip installs exactly what is locked, and the project for development', async () => {
  const [place, printed] = await create('with-pip', 'pip')
  const read = (path: string) => readFileSync(join(place, path), 'utf8')
  expect(printed).toMatch(
    /Creating \.venv\.\.\.\n.*requirements-dev\.lock.*\.\.\.\nInstalling the project\.\.\.\n/,
  )
  expect(printed).toContain('  .venv/bin/with-pip ask "Who are you?"\n')
  const list = await run('.venv/bin/python -m pip list --format json', place)
  const packages = new Map(packagesSchema.parse(JSON.parse(list)).map(({ name, version }) => [name, version]))
  const locked = versionsIn(read('requirements-dev.lock'))
  expect(locked.size).toBeGreaterThan(90)
  for (const [name, version] of packages) {
    if (!['pip', 'setuptools', 'mlx-app', 'with-pip', 'numpy'].includes(name))
      expect([name, version]).toEqual([name, locked.get(name.toLowerCase().replaceAll(/[_.]/g, '-'))])
  }
  const module = await run('.venv/bin/python -c "import with_pip; print(with_pip.__file__)"', place)
  expect(module).toBe(join(place, 'src', 'with_pip', '__init__.py'))
  expect(await run(`.venv/bin/with-pip ask "${question}"`, place)).toBe(answerTo(question))
  expect(await run('.venv/bin/python -m pytest -q tests/test_api.py', place)).toContain('passed')

  // Its README has the commands that the tool has run.
  const commands = pythonInstallSteps({ env: 'pip' }, {}).map(({ command }) => command.join(' '))
  expect(read('README.md')).toContain(commands.join('\n'))

  // Its checks on GitHub install the packages with the uv.lock in the first commit, which has only versions.
  expect(read('uv.lock')).not.toContain('sha256')
  const uv = dirname(await obtainUv())
  for (const workflow of ['ci', 'release']) {
    const install = commandsOf(read(`.github/workflows/${workflow}.yml`)).find((line) =>
      line.startsWith('uv sync'),
    )
    await run(`PATH='${uv}':"$PATH" ${install} --dry-run`, place)
  }
})

test('pip installs uv, if that is chosen', async () => {
  const [place, printed] = await create('with-uv', 'uv')
  expect(printed).toMatch(
    /Creating \.venv\.\.\.\nInstalling uv\.\.\.\nInstalling the packages in uv\.lock\.\.\.\n/,
  )
  expect(printed).toContain('  .venv/bin/with-uv ask "Who are you?"\n')
  expect(existsSync(join(place, '.venv', 'bin', 'uv'))).toBe(true)
  expect(readFileSync(join(place, 'uv.lock'), 'utf8')).toContain('hash = "sha256:')
  expect(await run(`.venv/bin/with-uv ask "${question}"`, place)).toBe(answerTo(question))
  await run('.venv/bin/uv lock --check --offline', place)
})

test('what Python says is shown if it cannot create environments', async () => {
  // As Debian's Python does without the package python3-venv.
  const script = `case "$*" in *venv*) echo 'Run: apt install python3-venv'; exit 1;; *) exec '${python}' "$@";; esac`
  const env = { ...plain, PATH: [programs({ python3: script }), '/usr/bin', '/bin'].join(delimiter) }
  const flags = ['--yes', '--python', '--model', 'hello', '--no-git', '--env', 'pip']
  const place = join(folder, 'without-venv')
  const { all, exitCode } = await execa(tool, [place, ...flags], {
    env,
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  expect(exitCode, all).toBe(1)
  expect(all).toContain('Creating .venv...\nRun: apt install python3-venv\n')
  expect(all).toContain('Could not install the packages: exit code 1.')
})
