/** The package mlx-app in a folder with nothing else: installed from its tarball, set up, and used by plain JavaScript. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ConsumerSandbox,
  caches,
  createConsumerSandbox,
  expectNoFileWritten,
  readmeFile,
  withReadOnly,
} from '../support/consumer-sandbox.ts'
import { answerTo } from '../support/hello.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'

let sandbox: ConsumerSandbox
let project: string
const hello = answerTo('Say hello.')

beforeAll(async () => {
  sandbox = await createConsumerSandbox()
  project = sandbox.project('my app', { 'app.mjs': readmeFile('app.mjs'), 'app.cjs': readmeFile('app.cjs') })
  await sandbox.succeed(`npm install '${sandbox.tarball}' zod`, project)
})
afterAll(async () => await sandbox[Symbol.asyncDispose]())

const run = async (line: string, cwd = project, env: NodeJS.ProcessEnv = {}) =>
  await sandbox.succeed(line, cwd, env)

describe('before the setup', () => {
  test('an app gets the setup command in its error', async () => {
    const { exitCode, stderr } = await sandbox.shell('node app.mjs', { cwd: project })
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('SETUP_NEEDED')
    expect(stderr).toContain('npx mlx-app setup')
  })

  test('setup works with read-only packages, and writes only to .mlx and caches', async () => {
    const packages = withReadOnly(join(project, 'node_modules'))
    const { exitCode } = await sandbox.shell(`${packages} touch node_modules/mlx-app/x`, { cwd: project })
    expect(exitCode).not.toBe(0)
    const except = ['my app/.mlx', 'tmp', ...caches.map((cache) => join('home', cache))]
    await expectNoFileWritten(sandbox.folder, except, async () => await run(`${packages} npx mlx-app setup`))
    expect(readFileSync(join(project, '.mlx', '.gitignore'), 'utf8')).toBe('*\n')
  })
})

/**
 * Nothing may be written while an app runs, into its environment and the caches neither. On Linux MLX keeps what it compiles for
 * the CPU in the folder for temporary files.
 */
const quietly = async (line: string, cwd?: string, env?: NodeJS.ProcessEnv) =>
  await expectNoFileWritten(sandbox.folder, ['tmp'], async () => await run(line, cwd, env))

describe('an app', () => {
  test('can be an ES module', async () => {
    expect(await quietly('node app.mjs')).toBe(hello)
  })

  test('can be CommonJS', async () => {
    expect(await quietly('node app.cjs')).toBe(hello)
  })

  test('can be started from another folder', async () => {
    expect(await quietly("node '../my app/app.mjs'", join(sandbox.folder, 'home'))).toBe(hello)
  })

  test('can be in a folder of the project', async () => {
    mkdirSync(join(project, 'src', 'deep'), { recursive: true })
    writeFileSync(join(project, 'src', 'deep', 'app.mjs'), readmeFile('app.mjs'))
    expect(await quietly('node src/deep/app.mjs')).toBe(hello)
  })

  test('can be read from standard input', async () => {
    expect(await quietly('node --input-type=module - < app.mjs')).toBe(hello)
  })

  test('can run in a read-only project', async () => {
    expect(await run(`${withReadOnly(project)} node app.mjs`)).toBe(hello)
  })

  test('uses mlx.config.json', async () => {
    const path = join(project, 'mlx.config.json')
    writeFileSync(path, JSON.stringify({ model: 'not-here' }))
    const { stderr } = await sandbox.shell('node app.mjs', { cwd: project })
    expect(stderr).toContain('MODEL_NOT_FOUND')
    rmSync(path)
  })

  test('keeps working after the project is moved', async () => {
    const moved = join(sandbox.folder, 'moved')
    renameSync(project, moved)
    try {
      expect(await run('node app.mjs', moved)).toBe(hello)
    } finally {
      renameSync(moved, project)
    }
  })
})

test('doctor finds no problem, and names the project', async () => {
  const report = JSON.parse(await run('npx mlx-app doctor --json'))
  expect(report).toMatchObject({ good: true })
  expect(JSON.stringify(report)).toContain(project)
})

describe('MLX_PYTHON', () => {
  test('overrides the environment of the project', async () => {
    const log = join(sandbox.folder, 'started.log')
    const python = join(sandbox.folder, 'home', 'my python')
    const own = join(project, '.mlx', 'venv', 'bin', 'python')
    writeFileSync(python, `#!/bin/sh\necho started >> '${log}'\nexec '${own}' "$@"\n`, { mode: 0o755 })
    expect(await run('node app.mjs', project, { MLX_PYTHON: python })).toBe(hello)
    expect(readFileSync(log, 'utf8')).toBe('started\n')
  })

  test('that does not exist is an error that names it', async () => {
    const { stderr } = await sandbox.shell('node app.mjs', { cwd: project, env: { MLX_PYTHON: '/not/here' } })
    expect(stderr).toContain('PYTHON_NOT_FOUND')
    expect(stderr).toContain('/not/here')
  })

  test('works without an environment in the project', async () => {
    const other = sandbox.project('other python', { 'app.mjs': readmeFile('app.mjs') })
    await run(`npm install '${sandbox.tarball}' zod`, other)
    const MLX_PYTHON = join(project, '.mlx', 'venv', 'bin', 'python')
    expect(await run('node app.mjs', other, { MLX_PYTHON })).toBe(hello)
    const printed = await run('npx mlx-app setup 2>&1', other, { MLX_PYTHON })
    expect(printed).toContain('Using the existing Python')
    expect(await run('node app.mjs', other)).toBe(hello)
  })
})

test('no worker is left behind', needs('ps'), async () => {
  const { stdout } = await execa(program('ps'), ['-A', '-o', 'args='])
  expect(
    stdout.split('\n').filter((line) => line.includes(sandbox.folder) && line.includes('mlx_app')),
  ).toEqual([])
})
