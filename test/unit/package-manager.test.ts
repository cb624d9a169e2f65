import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageManagers } from '../../src/choices.ts'
import { installPackages } from '../../src/install/install.ts'
import {
  frozenInstallCommand,
  hintAboutYarn,
  quietRun,
  quietStartCommand,
} from '../../src/package-manager.ts'
import type { Commands } from '../../src/process/commands.ts'
import { spawnCommandFor } from '../../src/process/spawn-command.ts'
import { temporaryFolder } from '../support/folders.ts'

const managers = packageManagers.map(({ value }) => value)

it('runs a script with only the output of the script on stdout', () => {
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

it('lets npm run the install script of Bun', () => {
  expect(frozenInstallCommand('bun')).toBe(
    'npm install --global --allow-scripts=bun bun@1 && bun install --frozen-lockfile',
  )
})

describe('the install of a new project', () => {
  /** What the package manager is run with, try by try. @param outcomes why each try fails. */
  async function install(
    manager: (typeof managers)[number],
    env: NodeJS.ProcessEnv,
    outcomes: (string | undefined)[] = [],
  ) {
    const tries: { command: string; env: NodeJS.ProcessEnv }[] = []
    const cwd = temporaryFolder()
    const cache = join(cwd, '.mlx', 'yarn-cache')
    const commands: Commands = {
      run: async (command, options) => {
        mkdirSync(cache, { recursive: true })
        tries.push({ command: command.join(' '), env: options.env })
        return { failure: outcomes[tries.length - 1] }
      },
      capture: async () => 'interrupted',
    }
    const { signal } = new AbortController()
    const failure = await installPackages(manager, { commands, cwd, env, signal, output: 'stdout' })
    return { tries, failure, cacheStays: existsSync(cache) }
  }

  const env = { PATH: '/bin', CI: 'true' }

  it('lets Yarn make a lock file in CI too, and changes nothing for Bun', async () => {
    const yarn = await install('yarn', env)
    expect(yarn.tries.map((each) => each.env)).toEqual([{ ...env, YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' }])
    const bun = await install('bun', env)
    expect(bun.tries.map((each) => each.env)).toEqual([env])
  })

  it('is retried from the cache only by Yarn and Bun', async () => {
    const yarn = await install('yarn', env, ['exit 1'])
    expect(yarn).toMatchObject({ failure: undefined, cacheStays: false })
    expect(yarn.tries.map(({ command }) => command)).toEqual(['yarn install', 'yarn install'])
    expect(yarn.tries[1]?.env).toMatchObject({
      YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
      YARN_ENABLE_OFFLINE_MODE: 'true',
      YARN_CACHE_FOLDER: '.mlx/yarn-cache',
    })
    const bun = await install('bun', env, ['exit 1'])
    expect(bun.failure).toBeUndefined()
    expect(bun.tries.map(({ command }) => command)).toEqual(['bun install', 'bun install --offline'])
  })

  it('is tried by pnpm first without retries, then with those that the user set', async () => {
    const set = { ...env, pnpm_config_fetch_retries: '5', pnpm_config_fetch_retry_mintimeout: '9' }
    const { tries, failure } = await install('pnpm', set, ['exit 1'])
    expect(failure).toBeUndefined()
    expect(tries.map(({ command }) => command)).toEqual(['pnpm install', 'pnpm install'])
    expect(tries[0]?.env).toMatchObject({ pnpm_config_fetch_retries: '0' })
    expect(tries[1]?.env).toMatchObject({
      pnpm_config_fetch_retries: '5',
      pnpm_config_fetch_retry_mintimeout: '9',
      pnpm_config_fetch_retry_maxtimeout: '2000',
    })
  })

  it('says what was tried if everything failed', async () => {
    const { failure, cacheStays } = await install('yarn', env, ['exit 1', 'exit 1'])
    expect(failure).toBe(
      'exit 1, twice, the second time with Yarn\'s cache only (if the network is the cause, see "Proxies, mirrors and offline use" in README.md)',
    )
    expect(cacheStays).toBe(false)
  })

  it('is not retried if the package manager is missing or was killed', async () => {
    for (const reason of ['bun was not found on the PATH', 'killed by SIGKILL']) {
      const { tries, failure } = await install('bun', env, [reason])
      expect(failure).toBe(reason)
      expect(tries).toHaveLength(1)
    }
  })
})

it.each([
  ['yarn', 'yarn/1.22.22 npm/? node/v24.0.0', true],
  ['yarn', 'yarn/4.18.1 npm/? node/v24.0.0', false],
  ['yarn', 'yarn/10.0.0 npm/? node/v24.0.0', false],
  ['npm', 'yarn/1.22.22 npm/? node/v24.0.0', false],
  ['yarn', undefined, false],
] as const)('%s, started by %s, gets the hint about Yarn 4: %s', (manager, agent, told) => {
  const hint = hintAboutYarn(manager, agent === undefined ? {} : { npm_config_user_agent: agent })
  expect(hint === undefined).toBe(!told)
  if (told) expect(hint).toContain('run: yarn set version stable')
})

describe('starting a command', () => {
  it('works without a shell on macOS and Linux', () => {
    const started = { program: 'npm', flags: ['run', 'x y'], shell: false }
    expect(spawnCommandFor('linux', ['npm', 'run', 'x y'])).toEqual(started)
    expect(spawnCommandFor('darwin', ['npm', 'run', 'x y'])).toEqual(started)
  })

  it('uses a shell on Windows, with one quoted line', () => {
    expect(spawnCommandFor('win32', ['npm', 'install'])).toEqual({
      program: 'npm install',
      flags: [],
      shell: true,
    })
    expect(spawnCommandFor('win32', ['npm', 'run', 'C:\\My "Pythons"\\python.exe']).program).toBe(
      'npm run "C:\\My ""Pythons""\\python.exe"',
    )
  })
})
