/** A Python package as a user makes it: from the packed tool, checked, built, and installed in every way that its README names. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import { quote } from '../../src/command-line/quote.ts'
import { oddNames } from '../support/folders.ts'
import { answerTo } from '../support/hello.ts'
import { installTool } from '../support/install-tool.ts'
import { basePython } from '../support/setup-project.ts'
import { projectTestsMs } from '../support/time-limits.ts'

const folder = mkdtempSync(join(tmpdir(), oddNames.python))
const project = join(folder, 'My.Package')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const question = 'Say hello.'
const greeting = answerTo(question)
const name = 'my-package'
/** The environment of a user who has git and uv, with the packages that existed at the date of the locks. */
let online: NodeJS.ProcessEnv = {}
/** The same without a network. uv's cache has everything since the project was created. */
let offline: NodeJS.ProcessEnv = {}
let tool = ''

beforeAll(async () => {
  const identity = ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'Ada Lovelace'],
    [`GIT_${role}_EMAIL`, 'ada@example.com'],
  ])
  online = {
    ...Object.fromEntries(identity),
    PATH: [dirname(await obtainUv()), process.env.PATH].join(delimiter),
    UV_EXCLUDE_NEWER: dateText(lockDate()),
    UV_PYTHON_DOWNLOADS: 'never',
    NO_COLOR: '1',
  }
  offline = { ...online, UV_OFFLINE: '1', HF_HUB_OFFLINE: '1' }
  tool = await installTool(folder)
})

/** Runs a command line in the project, which must succeed. @returns its standard output. */
async function run(line: string, env = offline, cwd = project): Promise<string> {
  const { exitCode, stdout, all } = await execa('sh', ['-c', line], { cwd, env, reject: false, all: true })
  expect(exitCode, `${line}\n${all}`).toBe(0)
  return stdout
}

const read = (path: string): string => readFileSync(join(project, path), 'utf8')
const readme = (): string => read('README.md')

/** Returns a command line of the README, so that users read what was tested. */
function documented(line: string): string {
  expect(readme()).toContain(line)
  return line
}

/** Creates a virtual environment, which has pip. @returns the folder of its programs. */
async function cleanEnvironment(label: string): Promise<string> {
  const place = join(folder, label)
  await execa(await basePython(), ['-m', 'venv', place])
  return join(place, 'bin')
}

test('the tool creates, installs and commits it', async () => {
  const flags = ['--yes', '--python', '--model', 'hello']
  const { all, exitCode } = await execa(tool, [project, ...flags], {
    cwd: folder,
    env: online,
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  expect(exitCode, all).toBe(0)
  expect(all).toContain('Installing packages with uv...')
  expect(all).toContain(`  uv run ${name} ask "Who are you?"\n`)
  expect(all).toContain(` --yes --name ${name} --template python --model hello --env uv --author `)
  const committed = (await run('git ls-files')).split('\n')
  expect(committed).toContain('uv.lock')
  expect(committed.filter((path) => !/^(vendor\/|uv\.lock$)/.test(path)).length).toBeLessThanOrEqual(40)
  expect(committed.filter((path) => /package\.json|node_modules|\.venv/.test(path))).toEqual([])
  expect(await run('git status --porcelain')).toBe('')
})

test('writing its locks again changes nothing', async () => {
  const [, commands = ''] =
    /^## Write the locks .*?^```sh\n(.*?)^```$/ms.exec(read('docs/dependencies.md')) ?? []
  expect(commands).toContain('--output-file requirements-dev.lock')
  await run(`set -e\n${commands}`)
  expect(await run('git status --porcelain')).toBe('')
})

describe('as generated, offline', () => {
  test.each(['uv sync', 'uv run ruff check', 'uv run ruff format --check', 'uv run mypy', 'uv build'])(
    '%s',
    async (line) => {
      await run(line.replace(' --check', '') === line ? documented(line) : line)
    },
    projectTestsMs,
  )

  test(
    'uv run pytest runs every test',
    async () => {
      const output = await run(documented('uv run pytest'))
      expect(Number(/(\d+) passed/.exec(output)?.[1])).toBeGreaterThan(10)
      expect(output).not.toMatch(/skipped|failed|warning/)
    },
    projectTestsMs,
  )

  test('the command prints the answer alone', async () => {
    expect(await run(documented(`uv run ${name} ask "Say hello."`))).toBe(greeting)
  })

  test('the doctor finds no problem', async () => {
    expect(await run(documented(`uv run ${name} doctor`))).not.toContain('✗')
  })
})

describe('what is built', () => {
  const wheel = 'my_package-0.1.0-py3-none-any.whl'
  const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

  test('has one version, and nothing of vendor/', async () => {
    expect(
      readdirSync(join(project, 'dist'))
        .filter((file) => !file.startsWith('.'))
        .sort(),
    ).toEqual([wheel, 'my_package-0.1.0.tar.gz'])
    const contents = await run(`python3 -m zipfile -l dist/${wheel} && tar tzf dist/*.tar.gz`)
    expect(contents).toContain('my_package/py.typed')
    expect(contents).toContain('tests/test_api.py')
    expect(contents).not.toContain('vendor')
    expect(await run(`uv run ${name} --version`)).toBe('0.1.0')
  })

  test('is the same wheel if it is built from the source distribution', async () => {
    const again = join(folder, 'again')
    mkdirSync(again)
    // Only a folder is built with the backend that uv contains; an archive would need the package index.
    await run(`tar xzf dist/*.tar.gz -C ${quote(again)}`)
    await run(`uv build --wheel --out-dir ${quote(again)}`, offline, join(again, 'my_package-0.1.0'))
    expect(hashOf(join(again, wheel))).toBe(hashOf(join(project, 'dist', wheel)))
  })

  test('passes the checks of the Python Packaging Authority and others', async () => {
    const publishing = read('docs/publishing.md')
    for (const line of ['uvx twine check --strict dist/*', 'uvx check-wheel-contents dist/*.whl']) {
      expect(publishing).toContain(line)
      await run(line, online)
    }
    // It misses a URL and an email address, which only the user knows.
    expect(await run('uvx pyroma --min 8 dist/*.tar.gz', online)).toMatch(/Final rating: ([89]|10)\/10/)
  })
})

describe('it can be installed', () => {
  test('as a tool', async () => {
    const bin = join(folder, 'tool bin')
    const places = { UV_TOOL_DIR: join(folder, 'tools'), UV_TOOL_BIN_DIR: bin }
    await run(documented('uv tool install .'), { ...online, ...places })
    expect(await run(`${quote(join(bin, name))} ask "${question}"`, { PATH: '/usr/bin:/bin' }, folder)).toBe(
      greeting,
    )
  })

  test('for one run, from its folder and from git', async () => {
    expect(await run(documented(`uvx --from . ${name} doctor`), online)).not.toContain('✗')
    const fromGit = `uvx --from git+file://$PWD ${name} doctor`
    // In a URL, some characters of the path would separate its parts, such as the revision after an @.
    const path = project.split('/').map(encodeURIComponent).join('/')
    const line = documented(fromGit).replace('git+file://$PWD', quote(`git+file://${path}`))
    expect(await run(line)).not.toContain('✗')
  })

  test('with pip', async () => {
    const programs = await cleanEnvironment('pip venv')
    // Another test lets pip install everything. Here, it finds what is locked, and builds and installs the package.
    await run('uv pip sync --quiet --require-hashes requirements.lock', {
      ...offline,
      VIRTUAL_ENV: dirname(programs),
    })
    await run('uv pip install --quiet pip', { ...online, VIRTUAL_ENV: dirname(programs) })
    const line = documented('pip install --find-links vendor .')
    await run(`${quote(`${programs}/python`)} -m ${line} --quiet --no-compile`, online)
    expect(
      await run(`${quote(`${programs}/${name}`)} ask "${question}"`, { PATH: '/usr/bin:/bin' }, folder),
    ).toBe(greeting)
  })

  test('as a wheel with the server, which serves the route of the package', async () => {
    const programs = await cleanEnvironment('server venv')
    const line = documented(
      'pip install --find-links vendor "dist/my_package-0.1.0-py3-none-any.whl[server]"',
    )
    await run(`uv ${line}`, { ...online, VIRTUAL_ENV: dirname(programs) })
    const server = execa(join(programs, name), ['serve', '--port', '0'], {
      cwd: folder,
      env: { MLX_MODEL: 'hello' },
      reject: false,
    })
    onTestFinished(() => void server.kill('SIGKILL'))
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]()
    const { value: line1 } = await lines.next()
    const url = /^Listening on (http:\S+)$/.exec(String(line1))?.[1]
    if (url === undefined) throw new Error((await server).stderr)
    await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200)
    const post = (path: string, body: object) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const summary: unknown = await (await post('/api/summary', { text: 'MLX is an array framework.' })).json()
    expect(summary).toEqual({
      title: expect.any(String),
      summary: expect.any(String),
      keywords: expect.any(Array),
    })
    const messages = [{ role: 'user', content: question }]
    expect(await (await post('/v1/chat/completions', { messages })).text()).toContain(greeting)
    server.kill('SIGTERM')
    expect((await server).exitCode).toBe(0)
  })
})
