import { chmodSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Answers } from '../../src/choices.ts'
import { quote } from '../../src/npm-flags.ts'
import { nextCommands, reproducingCommand, shownPath } from '../../src/steps/next.ts'
import { detectAutomation } from '../../src/system/automation.ts'
import { childEnvironment } from '../../src/system/child-environment.ts'
import { invokingPackageManager, setupCommand } from '../../src/system/package-manager.ts'
import { pythonChoices } from '../../src/system/python-choices.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'

const answers: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: "Ada O'Neil",
}

describe('the next commands', () => {
  it('are those of the package manager, in order', () => {
    const left = { install: true, setup: true }
    expect(nextCommands('/here/my app', answers, '/here', left)).toEqual([
      "cd 'my app'",
      'npm install',
      'npm run setup',
      'npm start',
      'npm -s start -- "Who are you?"',
    ])
    expect(nextCommands('/here', { ...answers, packageManager: 'yarn', env: 'pip' }, '/here', left)).toEqual([
      'yarn install',
      'yarn run setup --env pip',
      'yarn run start',
      'yarn start "Who are you?"',
    ])
  })

  it('ask no question of a server', () => {
    const left = { install: true, setup: false }
    expect(nextCommands('/here/x', { ...answers, template: 'server' }, '/here', left)).toEqual([
      'cd x',
      'npm install',
      'npm start',
    ])
  })

  it('leave out what is done', () => {
    expect(nextCommands('/here/x', answers, '/here', { install: false, setup: false })[1]).toBe('npm start')
  })

  it('show a path as it is shortest to type', () => {
    expect(shownPath('/here/x/y', '/here')).toBe('x/y')
    expect(shownPath('/there', '/here')).toBe('/there')
  })
})

it('the command that makes the same project names every answer, quoted for a shell', () => {
  expect(reproducingCommand('/here/my app', answers, '/here', '1.2.3', ['--no-git'])).toBe(
    `npx create-mlx-app@1.2.3 'my app' --yes --name my-app --template node --model hello --package-manager npm --author 'Ada O'\\''Neil' --no-git`,
  )
  expect(
    reproducingCommand('/here', { ...answers, env: 'uv', packageManager: 'bun' }, '/here', '1.2.3', []),
  ).toContain('bunx create-mlx-app@1.2.3 . --yes --name my-app --template node --model hello --env uv')
  expect(reproducingCommand('/x', { ...answers, features: ['ci'] }, '/', '1.2.3', [])).toContain(
    '--model hello --with ci --package-manager npm',
  )
  expect(quote('plain-1.0/x@y')).toBe('plain-1.0/x@y')
  expect(quote('')).toBe("''")
})

it.each([
  [undefined, 'npm'],
  ['npm/11.19.1 node/v20.20.2 linux x64', 'npm'],
  ['pnpm/12.0.1 npm/? node/v24.0.0', 'pnpm'],
  ['yarn/4.9.0 npm/? node/v24.0.0', 'yarn'],
  ['bun/1.3.0 npm/? node/v24.0.0', 'bun'],
  ['cnpm/9.0.0 npm/? node/v24.0.0', 'npm'],
] as const)('the user agent %s is %s', (agent, manager) => {
  expect(invokingPackageManager(agent === undefined ? {} : { npm_config_user_agent: agent })).toBe(manager)
})

it('only npm needs -- in front of the flags of a script', () => {
  expect(setupCommand({ packageManager: 'npm', env: 'uv' })).toEqual([
    'npm',
    'run',
    'setup',
    '--',
    '--env',
    'uv',
  ])
  expect(setupCommand({ packageManager: 'pnpm', env: 'uv' })).toEqual(['pnpm', 'run', 'setup', '--env', 'uv'])
  expect(setupCommand({ packageManager: 'npm' })).toEqual(['npm', 'run', 'setup'])
})

describe('the environment', () => {
  it('of child processes has nothing of the command that created the project', () => {
    const kept = { PATH: '/bin', npm_config_registry: 'r', HTTPS_PROXY: 'p', GIT_AUTHOR_NAME: 'a' }
    const dropped = {
      npm_config_template: 'node',
      npm_config_force: 'true',
      GIT_DIR: '/x',
      GIT_INDEX_FILE: 'y',
    }
    expect(childEnvironment({ ...kept, ...dropped })).toEqual(kept)
  })

  it.each([
    [{ CLAUDECODE: '1' }, 'Claude Code'],
    [{ CI: 'true' }, 'CI'],
    [{ CI: 'false' }, undefined],
    [{ CI: '' }, undefined],
    [{}, undefined],
  ])('%o is run by %s', (environment, name) => {
    expect(detectAutomation(environment)).toBe(name)
  })

  it('offers ways to get Python only where there is a choice', () => {
    const folder = temporaryFolder()
    const both = temporaryFolder()
    writeTree(folder, { python3: '' })
    writeTree(both, { python3: '', uv: '' })
    for (const path of [`${folder}/python3`, `${both}/python3`, `${both}/uv`]) chmodSync(path, 0o755)
    expect(pythonChoices({ PATH: folder })).toEqual(['uv', 'pip'])
    expect(pythonChoices({ PATH: both })).toEqual(['uv'])
    expect(pythonChoices({ PATH: '' })).toEqual(['uv'])
    expect(pythonChoices({ PATH: both, MLX_PYTHON: '/x' })).toEqual(['existing', 'uv'])
  })
})
