/** The commands that the tool and its projects print, run word for word in the state in which they are printed. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageIndexes } from '../../packages/engine/src/setup/process/package-indexes.ts'
import { temporaryFolder } from '../support/folders.ts'
import { answerTo, helloDirectory } from '../support/hello.ts'
import { needs } from '../support/programs/needs.ts'
import { builtTool } from '../support/tool.ts'

const bin = await builtTool()
const folder = mkdtempSync(join(realpathSync(tmpdir()), "advice it's é "))
/** A project that works. Each test breaks it, and what it prints then mends it. */
const project = join(folder, 'my app')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const question = 'Who are you?'
const ask = `npm -s start -- "${question}"`

/** The environment of a user with a home of its own, and with the registry of the tests. */
const environment = (additions: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: folder,
  UV_CACHE_DIR: join(homedir(), '.cache', 'uv'),
  npm_config_registry: process.env.npm_config_registry,
  ...packageIndexes(process.env),
  ...additions,
})

/** Runs a command line in a shell. */
function shell(line: string, cwd = project, additions: NodeJS.ProcessEnv = {}) {
  const env = environment(additions)
  return execa('sh', ['-c', line], { cwd, env, extendEnv: false, reject: false, all: true, stdin: 'ignore' })
}

async function works(line: string, cwd = project, additions: NodeJS.ProcessEnv = {}): Promise<string> {
  const { exitCode, all } = await shell(line, cwd, additions)
  expect(exitCode, `${line}\n${all}`).toBe(0)
  return all
}

/** Runs a command line that must fail, and returns the command that it says to run. */
async function adviceOf(line: string, additions: NodeJS.ProcessEnv = {}): Promise<string> {
  const { exitCode, all } = await shell(line, project, additions)
  expect(exitCode, `${line}\n${all}`).not.toBe(0)
  const [, command] = /\brun: (.+?)(?: \(.*\))?$/im.exec(all) ?? []
  if (command === undefined) throw new Error(`It says no command: ${all}`)
  return command
}

/** Runs the tool in a folder. */
function create(flags: readonly string[], cwd: string, additions: NodeJS.ProcessEnv = {}) {
  const defaults = ['--yes', '--model', 'hello', '--package-manager', 'npm']
  const env = environment(additions)
  return execa(process.execPath, [bin, 'my app', ...defaults, ...flags], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    all: true,
  })
}

beforeAll(async () => {
  const nothing = join(folder, 'empty')
  mkdirSync(nothing)
  const { exitCode, all } = await create(['--no-git'], folder, { PATH: nothing })
  expect(exitCode, all).toBe(1)
  const [, commands = ''] = /To finish, run there: (.+)$/m.exec(all) ?? []
  expect(commands).toBe('npm install && npm run setup')
  await works(commands)
})

test('the project that was finished so answers', async () => {
  expect(await works(ask)).toBe(answerTo(question))
})

test('without its environment', async () => {
  rmSync(join(project, '.mlx'), { recursive: true })
  const advice = await adviceOf(ask)
  expect(advice).toBe('npm run setup')
  expect(await adviceOf('npm test')).toBe(advice)
  await works(advice)
  expect(await works(ask)).toBe(answerTo(question))
})

test('with an incomplete environment', async () => {
  const libraries = join(project, '.mlx', 'venv', 'lib')
  await works(`rm -r '${libraries.replaceAll("'", "'\\''")}'/python*/site-packages/mlx_lm`)
  const { all, exitCode } = await shell('npm run doctor')
  expect(exitCode).toBe(1)
  const [, fix = ''] = /(npm run setup[^\n(]*)/.exec(all) ?? []
  await works(fix.trim())
  await works('npm run doctor')
})

test('with a setting that names a Python that is not there', async () => {
  const { all, exitCode } = await shell(ask, project, { MLX_PYTHON: '/absent/python' })
  expect(exitCode).toBe(1)
  expect(all).toContain('MLX_PYTHON is /absent/python, which does not exist.')
  // Unset, as it says.
  await works('npm run setup')
  expect(await works(ask)).toBe(answerTo(question))
})

test('with a model that is not there', async () => {
  const advice = await adviceOf(ask, { MLX_MODEL: 'absent' })
  expect(await works(advice)).toContain('hello')
})

test('with a damaged model', async () => {
  const model = join(project, 'models', 'mine')
  cpSync(helloDirectory, model, { recursive: true })
  writeFileSync(join(model, 'model.safetensors'), 'not weights')
  const { all, exitCode } = await shell(ask, project, { MLX_MODEL: 'mine' })
  expect(exitCode).toBe(1)
  const [, verify = ''] = /run: (npm run models -- verify) \S+/.exec(all) ?? []
  expect(verify, all).not.toBe('')
  const { all: verified } = await shell(`${verify} mine`)
  expect(verified).toContain('model.safetensors is damaged')
  expect(verified).toContain('Copy these files again from where the model came from.')
  rmSync(model, { recursive: true })
})

test('with a version that is newer than the settings of npm allow', async () => {
  const env = { npm_config_before: '2020-01-01' }
  const parent = temporaryFolder()
  const { all, exitCode } = await create(['--no-git'], parent, env)
  expect(exitCode).toBe(1)
  const [, command = ''] = /to install it nevertheless, run (npm install [^)]+)\)/.exec(all) ?? []
  await works(command, join(parent, 'my app'), env)
  expect(existsSync(join(parent, 'my app', 'node_modules', 'mlx-app'))).toBe(true)
})

test('without a name in git', needs('git'), async () => {
  const parent = temporaryFolder()
  const env = { HOME: parent, GIT_CONFIG_NOSYSTEM: '1' }
  const { all } = await create(['--no-install'], parent, env)
  const [, command = ''] = /Set them, then run: (.+)\.$/m.exec(all) ?? []
  const created = join(parent, 'my app')
  for (const [key, value] of [
    ['user.name', 'Ada'],
    ['user.email', 'ada@example.com'],
  ]) {
    await works(`git config ${key} ${value}`, created, env)
  }
  await works(command, created, { ...env, GIT_EDITOR: 'echo First >' })
  expect(await works('git log --format=%s', created, env)).toBe('First')
})

test('the list and the help that errors name', async () => {
  const { all } = await create(['--nonsense'], temporaryFolder())
  const [, command = ''] = /run: create-mlx-app (--help)/.exec(all) ?? []
  expect((await execa(process.execPath, [bin, command])).stdout).toContain('Usage:')
  const unknown = await create(['--model', 'a b c/d e'], temporaryFolder())
  const [, list = ''] = /run: create-mlx-app (--list)/.exec(unknown.all) ?? []
  expect((await execa(process.execPath, [bin, list])).stdout).toContain('Templates:')
})
