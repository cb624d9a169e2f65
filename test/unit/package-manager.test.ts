import { describe, expect, it } from 'vitest'
import { packageManagers } from '../../src/choices.ts'
import { installPackages } from '../../src/steps/install.ts'
import type { Commands } from '../../src/system/commands.ts'
import {
  frozenInstallCommand,
  hintAboutYarn,
  quietRun,
  quietStartCommand,
} from '../../src/system/package-manager.ts'
import { startedOn } from '../../src/system/start-command.ts'
import { temporaryFolder } from '../support/folders.ts'

const managers = packageManagers.map(({ value }) => value)

it('runs a script with nothing on stdout but what the script prints', () => {
  expect(managers.map((manager) => quietRun(manager).join(' '))).toEqual([
    'npm -s run',
    'pnpm -s run',
    'yarn run',
    'bun run --silent',
  ])
  expect(managers.map((manager) => quietStartCommand(manager).join(' '))).toEqual([
    'npm -s start --',
    'pnpm -s start',
    'yarn start',
    'bun run --silent start',
  ])
})

it("lets npm run the script that brings Bun's program", () => {
  expect(frozenInstallCommand('bun')).toBe(
    'npm install --global --allow-scripts=bun bun@1 && bun install --frozen-lockfile',
  )
})

describe('the install of a new project', () => {
  /** The environment that the package manager is run with. */
  async function environmentOf(manager: (typeof managers)[number], env: NodeJS.ProcessEnv) {
    const seen: NodeJS.ProcessEnv[] = []
    const commands: Commands = {
      run: async (_, options) => {
        seen.push(options.env)
        return { failure: undefined }
      },
      ask: async () => 'interrupted',
    }
    const { signal } = new AbortController()
    await installPackages(manager, { commands, cwd: temporaryFolder(), env, signal, output: 'stdout' })
    return seen.at(-1)
  }

  it('lets Yarn make a lock file in CI too, and changes nothing for others', async () => {
    const env = { PATH: '/bin', CI: 'true' }
    expect(await environmentOf('yarn', env)).toEqual({ ...env, YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' })
    expect(await environmentOf('pnpm', env)).toEqual(env)
    expect(await environmentOf('bun', env)).toEqual(env)
  })
})

it.each([
  ['yarn', 'yarn/1.22.22 npm/? node/v24.0.0', true],
  ['yarn', 'yarn/4.18.1 npm/? node/v24.0.0', false],
  ['yarn', 'yarn/10.0.0 npm/? node/v24.0.0', false],
  ['npm', 'yarn/1.22.22 npm/? node/v24.0.0', false],
  ['yarn', undefined, false],
] as const)('%s by %s is told of Yarn 4: %s', (manager, agent, told) => {
  const hint = hintAboutYarn(manager, agent === undefined ? {} : { npm_config_user_agent: agent })
  expect(hint === undefined).toBe(!told)
  if (told) expect(hint).toContain('`yarn set version stable`')
})

describe('a command is started', () => {
  it('as it is on macOS and Linux', () => {
    const started = { program: 'npm', flags: ['run', 'x y'], shell: false }
    expect(startedOn('linux', ['npm', 'run', 'x y'])).toEqual(started)
    expect(startedOn('darwin', ['npm', 'run', 'x y'])).toEqual(started)
  })

  it('by a shell on Windows, as one line that is quoted', () => {
    expect(startedOn('win32', ['npm', 'install'])).toEqual({ program: 'npm install', flags: [], shell: true })
    expect(startedOn('win32', ['npm', 'run', 'C:\\My "Pythons"\\python.exe']).program).toBe(
      'npm run "C:\\My ""Pythons""\\python.exe"',
    )
  })
})
