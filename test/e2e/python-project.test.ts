/** A project with Python code of its own, as `--with python` makes it: set up by uv, extended, tested, and used by the app. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { obtainUv } from '../../scripts/environment.ts'
import { dateText, lockDate } from '../../scripts/lock-date.ts'
import { writeTree } from '../support/folders.ts'
import { answerTo } from '../support/hello.ts'
import { installTool } from '../support/install-tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx python é '))
const project = join(folder, 'my app')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A package that neither the project nor the engine needs. */
const added = 'sortedcontainers'
const question = 'Say hello.'
let environment: NodeJS.ProcessEnv = {}

beforeAll(async () => {
  const path = [dirname(await obtainUv()), process.env.PATH].join(delimiter)
  environment = { PATH: path, UV_EXCLUDE_NEWER: dateText(lockDate()), NO_COLOR: '1' }
  const tool = await installTool(folder)
  const flags = ['--yes', '--template', 'node', '--model', 'hello', '--with', 'python']
  const { all } = await execa(tool, [project, ...flags], {
    cwd: folder,
    env: environment,
    stdin: 'ignore',
    all: true,
  })
  expect(all).toContain('in python/.venv, synced with python/uv.lock')
})

/** Runs a command in the project, which has to end well. @returns its standard output. */
async function run(program: string, ...words: string[]): Promise<string> {
  const { exitCode, stdout, all } = await execa(program, words, {
    cwd: project,
    env: environment,
    reject: false,
    all: true,
  })
  expect(exitCode, all).toBe(0)
  return stdout
}

const packagesIn = (environmentFolder: string) =>
  readdirSync(join(project, environmentFolder), { recursive: true, encoding: 'utf8' })

test('the app answers with the Python of the project, which is the only one', async () => {
  expect(await run('npm', '-s', 'start', '--', question)).toBe(answerTo(question))
  const record: unknown = JSON.parse(readFileSync(join(project, '.mlx', 'environment.json'), 'utf8'))
  expect(record).toMatchObject({ method: 'project', python: 'python/.venv/bin/python' })
  expect(existsSync(join(project, '.mlx', 'venv'))).toBe(false)
  expect(await run('npm', 'run', 'doctor')).toContain('No problems found.')
})

test('the program and the tests of the project run', async () => {
  const { parameters } = JSON.parse(await run('uv', 'run', '--project', 'python', 'model-size'))
  expect(parameters).toBeGreaterThan(100_000)
  expect(await run('npm', 'run', 'test:python')).toMatch(/\d+ passed/)
})

test('a package that the user adds is available to their code and survives the next setup', async () => {
  expect(packagesIn('python/.venv').some((path) => path.endsWith(`/${added}`))).toBe(false)
  await run('uv', 'add', '--project', 'python', added)
  const [code = ''] = readdirSync(join(project, 'python', 'src'))
  const name = join('python', 'src', code, 'sorted.py')
  writeTree(project, {
    [name]: `from ${added} import SortedList\n\nprint(list(SortedList([3, 1, 2])))\n`,
  })
  expect(await run('npm', 'run', 'setup')).toContain('python/.venv')
  expect(packagesIn('python/.venv').some((path) => path.endsWith(`/${added}`))).toBe(true)
  expect(await run('uv', 'run', '--project', 'python', 'python', '-m', `${code}.sorted`)).toBe('[1, 2, 3]')
  expect(await run('npm', '-s', 'start', '--', question)).toBe(answerTo(question))
  expect(await run('npm', 'run', 'setup')).toContain('Already set up')
})

test("the tests detect an error in the project's own Python code, and the app still answers", async () => {
  const [code = ''] = readdirSync(join(project, 'python', 'src'))
  const broken = join('python', 'src', code, 'model_size.py')
  const before = readFileSync(join(project, broken), 'utf8')
  writeTree(project, { [broken]: 'import no_such_module\n' })
  try {
    const tests = await execa('npm', ['run', 'test:python'], {
      cwd: project,
      env: environment,
      reject: false,
      all: true,
    })
    expect(tests.exitCode).not.toBe(0)
    expect(tests.all).toContain("No module named 'no_such_module'")
    expect(await run('npm', '-s', 'start', '--', question)).toBe(answerTo(question))
  } finally {
    writeTree(project, { [broken]: before })
  }
})
