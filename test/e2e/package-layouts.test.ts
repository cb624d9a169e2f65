/** The package mlx-app where it does not lie in the project's own node_modules: monorepos, pnpm, Yarn's Plug'n'Play. */
import { existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PackageManager } from '../../src/choices.ts'
import {
  type ConsumerSandbox,
  createConsumerSandbox,
  expectNoFileWritten,
  readmeCommands,
  readmeFile,
} from '../support/consumer-sandbox.ts'
import { answerTo } from '../support/hello.ts'

const hello = answerTo('Say hello.')
const app = { 'app.mjs': readmeFile('app.mjs') }
const member = JSON.stringify({ name: 'web', private: true, scripts: { start: 'node app.mjs' } })

/** pnpm writes to it whenever it runs a command. */
const pnpmState = 'node_modules/.pnpm-workspace-state-v1.json'

/** Sets up by a command, which writes to one folder alone; then an app runs, which writes nothing. */
async function setUp(sandbox: ConsumerSandbox, root: string, folder: string, command: string): Promise<void> {
  await expectNoFileWritten(root, [folder, pnpmState], async () => await sandbox.succeed(command, root))
}

async function expectAnswer(sandbox: ConsumerSandbox, root: string, line: string, cwd = root): Promise<void> {
  await expectNoFileWritten(root, [], async () => expect(await sandbox.succeed(line, cwd)).toBe(hello))
}

describe('an npm monorepo', () => {
  let sandbox: ConsumerSandbox
  let root: string
  const inMember = () => join(root, 'apps', 'web')

  beforeAll(async () => {
    sandbox = await createConsumerSandbox()
    root = sandbox.project('monorepo', {
      'package.json': JSON.stringify({ private: true, workspaces: ['apps/*'] }),
      'apps/web/package.json': member,
      'apps/web/app.mjs': app['app.mjs'],
    })
    await sandbox.succeed('npm install --workspace web mlx-app zod', root)
  })
  afterAll(async () => await sandbox[Symbol.asyncDispose]())

  test('has the package at its root', () => {
    expect(existsSync(join(root, 'node_modules', 'mlx-app'))).toBe(true)
    expect(existsSync(join(inMember(), 'node_modules'))).toBe(false)
  })

  test('is set up at its root', async () => {
    const [command = '', start = ''] = [
      ...readmeCommands('npx mlx-app setup').slice(1),
      ...readmeCommands('cd apps/web'),
    ]
    await setUp(sandbox, root, '.mlx', command)
    expect((await sandbox.succeed(start, root)).split('\n')).toContain(hello)
    await expectAnswer(sandbox, root, 'node app.mjs', inMember())
    await expectAnswer(sandbox, root, 'node apps/web/app.mjs')
    expect(await sandbox.succeed('npx mlx-app setup 2>&1', inMember())).toContain('Already set up')
    expect(existsSync(join(inMember(), '.mlx'))).toBe(false)
    rmSync(join(root, '.mlx'), { recursive: true })
  })

  test('is set up in a member', async () => {
    await setUp(sandbox, root, 'apps/web/.mlx', 'cd apps/web && npx mlx-app setup')
    await expectAnswer(sandbox, root, 'node app.mjs', inMember())
    await expectAnswer(sandbox, root, 'node apps/web/app.mjs')
    await expectAnswer(sandbox, root, 'npm --silent --workspace web start')
    expect(existsSync(join(root, '.mlx'))).toBe(false)
  })
})

describe.each<PackageManager>(['pnpm', 'yarn'])('%s', (manager) => {
  let sandbox: ConsumerSandbox
  let root: string
  const [line = ''] = readmeCommands(`${manager} add`)
  const [add = '', command = ''] = line.split(' && ')

  beforeAll(async () => {
    sandbox = await createConsumerSandbox(manager)
    // Without a setting, Yarn installs as Plug'n'Play.
    root = sandbox.project('app', { ...app, ...(manager === 'yarn' && { 'yarn.lock': '' }) })
    await sandbox.succeed(add, root)
  })
  afterAll(async () => await sandbox[Symbol.asyncDispose]())

  test('is set up', async () => {
    if (manager === 'pnpm')
      expect(lstatSync(join(root, 'node_modules', 'mlx-app')).isSymbolicLink()).toBe(true)
    else expect(existsSync(join(root, 'node_modules'))).toBe(false)
    await setUp(sandbox, root, '.mlx', command)
  })

  test('runs the app', async () => {
    await expectAnswer(sandbox, root, manager === 'pnpm' ? 'node app.mjs' : 'yarn node app.mjs')
  })

  test('shows its own command if the setup is missing', async () => {
    const other = sandbox.project('other', { 'package.json': '{}', 'mlx.config.json': '{}' })
    const start = `MLX_PROJECT='${other}' ${manager === 'pnpm' ? 'pnpm exec' : 'yarn'} node app.mjs`
    const { all } = await sandbox.shell(start, { cwd: root })
    expect(all).toContain('SETUP_NEEDED')
    expect(all).toContain(command)
  })

  test('supports a monorepo whose members find the environment at its root', async () => {
    const isPnpm = manager === 'pnpm'
    const monorepo = sandbox.project('monorepo', {
      'package.json': JSON.stringify({ private: true, ...(!isPnpm && { workspaces: ['apps/*'] }) }),
      ...(isPnpm ? { 'pnpm-workspace.yaml': 'packages: [apps/*]\n' } : { 'yarn.lock': '' }),
      'apps/web/package.json': member,
      'apps/web/app.mjs': app['app.mjs'],
    })
    const web = join(monorepo, 'apps', 'web')
    await sandbox.succeed(add, web)
    // The interpreter that is there saves a second environment.
    const MLX_PYTHON = join(root, '.mlx', 'venv', 'bin', 'python')
    writeFileSync(join(monorepo, 'mlx.config.json'), '{}')
    const setup = `MLX_PROJECT='${monorepo}' MLX_PYTHON='${MLX_PYTHON}' ${command}`
    await sandbox.succeed(setup, web)
    expect(existsSync(join(monorepo, '.mlx'))).toBe(true)
    rmSync(join(monorepo, 'mlx.config.json'))
    await expectAnswer(sandbox, monorepo, isPnpm ? 'node app.mjs' : 'yarn node app.mjs', web)
  })
})
