import { describe, expect, it } from 'vitest'
import { templates } from '../../src/choices.ts'
import { readArguments } from '../../src/command-line/arguments.ts'
import { helpText } from '../../src/command-line/help.ts'
import { allSwitchOptions, allValueOptions } from '../../src/command-line/options.ts'
import { splitValues } from '../../src/command-line/values.ts'
import { UsageError } from '../../src/errors.ts'

/** Runs something that has to be refused. @returns what the user reads. */
function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof UsageError) return [error.message, ...error.hints].join('\n')
    throw error
  }
  throw new Error('It was not refused')
}

const read = (line: string, environment: NodeJS.ProcessEnv = {}) => {
  const given = readArguments(line === '' ? [] : line.split(' '), environment)
  return {
    directory: given.directory,
    values: Object.fromEntries(given.values),
    switches: [...given.switches],
  }
}

describe('the command line', () => {
  it('takes a folder, values and switches in any order', () => {
    const expected = {
      directory: 'my-app',
      values: { template: 'node', model: 'hello' },
      switches: ['yes', 'no-git'],
    }
    expect(read('my-app --template node --model hello --yes --no-git')).toEqual(expected)
    expect(read('-t node -y --model=hello --no-git my-app')).toEqual(expected)
  })

  it('accepts several values of an option, separated by commas or by repeating it', () => {
    expect(read('my-app --with ci').values).toEqual({ with: 'ci' })
    expect(read('my-app --with ci,ci').values).toEqual({ with: 'ci,ci' })
    expect(read('my-app --with ci --with=ci').values).toEqual({ with: 'ci,ci' })
    expect(splitValues('b, a,,b')).toEqual(['b', 'a'])
  })

  it.each(templates.map(({ value }) => value))('takes --%s for the template of that name', (template) => {
    const expected = { directory: 'my-app', values: { template }, switches: [] }
    expect(read(`my-app --${template}`)).toEqual(expected)
    expect(read(`--template ${template} my-app --${template}`)).toEqual(expected)
  })

  it('reads what follows -- as before it, because only npm create removes it', () => {
    const expected = { directory: 'my-app', values: { template: 'server' }, switches: ['yes'] }
    expect(read('my-app -- --server --yes')).toEqual(expected)
    expect(read('-- my-app --server -- --yes')).toEqual(expected)
    expect(refusal(() => read('my-app -- --servr'))).toContain('Did you mean --server?')
  })

  it('takes a folder with a dash after --', () => {
    expect(read('-- -app --yes')).toEqual({ directory: '-app', values: {}, switches: ['yes'] })
    expect(read('./--app').directory).toBe('./--app')
  })

  it.each([
    ['--modle hello', 'Unknown flag: --modle\nDid you mean --model?'],
    ['--no-instal', 'Did you mean --no-install?'],
    ['--Yes', 'Did you mean --yes?'],
    ['--frobnicate', 'Unknown flag: --frobnicate\nFlags: --name --template'],
    ['-x', 'Unknown flag: -x'],
    ['app --template noed', 'Unknown value for --template: noed\nDid you mean --template node?'],
    ['app --template react', 'Unknown value for --template: react\nValues of --template: node'],
    ['app --with cli', 'Unknown value for --with: cli\nDid you mean --with ci?'],
    ['app --with ci,frobnicate', 'Unknown value for --with: frobnicate\nValues of --with: ci'],
    ['app --with ,', '--with needs a value.'],
    ['app --env conda', 'Values of --env: uv, pip, existing'],
    ['app --model', '--model needs a value.'],
    ['app --model --yes', '--model needs a value.'],
    ['app --model=', '--model needs a value.'],
    ['app --yes=no', '--yes does not take a value'],
    ['app other', 'Expected one folder, but got several: app, other'],
  ])('refuses %s and lists the choices', (line, message) => {
    expect(refusal(() => read(line))).toContain(message)
  })

  it('explains every option of the registry in --help', () => {
    const help = helpText('1.2.3')
    for (const option of [...allValueOptions, ...allSwitchOptions]) {
      expect(help).toContain(option.flag)
      expect(help).toContain(option.help)
    }
  })
})

describe('flags that npm consumes', () => {
  const npm = (settings: Record<string, string>) => ({
    npm_command: 'init',
    npm_config_user_agent: 'npm/11.19.1 node/v20.20.2 linux x64 workspaces/false',
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`npm_config_${name}`, value])),
  })

  it.each([
    ['my-app node', { template: 'true' }, { template: 'node' }],
    ['node my-app', { template: 'true' }, { template: 'node' }],
    ['my-app', { template: 'node' }, { template: 'node' }],
    ['my-app hello', { model: 'true' }, { model: 'hello' }],
    ['my-app node hello', { t: 'true', m: 'true' }, { template: 'node', model: 'hello' }],
    ['hello my-app', { model: 'true' }, { model: 'hello' }],
    ['my-app some/model', { model: 'true' }, { model: 'some/model' }],
    ['my-app ./folder', { model: 'true' }, { model: './folder' }],
    ['my-app pip', { env: 'true' }, { env: 'pip' }],
    [
      'my-app node some/model uv',
      { template: 'true', model: 'true', env: 'true' },
      { template: 'node', model: 'some/model', env: 'uv' },
    ],
  ])('get their values back: %s with %o', (line, settings, values) => {
    expect(read(line, npm(settings))).toMatchObject({ directory: 'my-app', values })
  })

  it.each(templates.map(({ value }) => value))('are restored if --%s names the template', (template) => {
    expect(read('my-app', npm({ [template]: 'true' }))).toMatchObject({ values: { template } })
    expect(read('my-app some/model', npm({ [template]: 'true', model: 'true' }))).toMatchObject({
      directory: 'my-app',
      values: { template, model: 'some/model' },
    })
  })

  it('accept a short form only with the value that npm gives a flag', () => {
    expect(read('my-app', npm({ server: '/srv' })).values).toEqual({})
    expect(refusal(() => read('my-app node', npm({ server: 'true', template: 'true' })))).toContain(
      '--server means --template server, but --template node was given too.',
    )
  })

  it('allow a folder with the name of a template', () => {
    expect(read('node node', npm({ template: 'true' }))).toMatchObject({
      directory: 'node',
      values: { template: 'node' },
    })
  })

  it.each([
    ['my-app', { git: 'false' }, 'Put "--" before them: npm create mlx-app@latest my-app -- --no-git'],
    [
      'my-app node',
      { install: '', template: 'true' },
      'npm create mlx-app@latest my-app -- --template node --no-install',
    ],
    ['my-app', { dry_run: 'true' }, 'npm create mlx-app@latest my-app -- --dry-run'],
    ['my-app', { json: 'true' }, 'npm create mlx-app@latest my-app -- --json'],
    ['my-app other', { name: 'true' }, 'npm create mlx-app@latest DIR -- --name N'],
    [
      'my-app',
      { name: 'other', author: 'Ada L' },
      "npm create mlx-app@latest my-app -- --name other --author 'Ada L'",
    ],
    ['my-app bun', { package_manager: 'true' }, 'npm create mlx-app@latest my-app -- --package-manager bun'],
    ['my-app ci', { with: 'true' }, 'npm create mlx-app@latest my-app -- --with ci'],
    ['my-app', { with: 'ci' }, 'npm create mlx-app@latest my-app -- --with ci'],
    ['my-app --with ci', { with: 'ci' }, 'npm create mlx-app@latest my-app -- --with ci,ci'],
    ['my-app', { python_path: './p' }, 'npm create mlx-app@latest my-app -- --python-path ./p'],
    ['my-app', { server: 'true', git: 'false' }, 'npm create mlx-app@latest my-app -- --server --no-git'],
    ['', { list: 'true' }, 'npm create mlx-app@latest -- --list'],
    ['', { list: 'true', json: 'true' }, 'npm create mlx-app@latest -- --json --list'],
    ['one/two three/four', { model: 'true' }, 'npm create mlx-app@latest DIR -- --model M'],
  ])('are refused with the correct command: %s with %o', (line, settings, command) => {
    expect(refusal(() => read(line, npm(settings)))).toContain(command)
  })

  it("do not include npm's own --force and --yes", () => {
    expect(read('my-app', npm({ force: 'true', yes: 'true' })).switches).toEqual([])
  })

  it("do not include npm's own path of git", () => {
    expect(read('my-app', npm({ git: '/usr/bin/git' })).directory).toBe('my-app')
  })

  it('are refused with an invalid value, like other flags', () => {
    expect(refusal(() => read('my-app', npm({ template: 'noed' })))).toContain(
      'Did you mean --template node?',
    )
  })

  it.each([
    ['a script of a project', { npm_command: 'run-script', npm_config_template: 'node' }],
    ['pnpm', { npm_command: 'init', npm_config_user_agent: 'pnpm/12.0.0', npm_config_template: 'node' }],
  ])('are not read in %s', (_, environment) => {
    expect(read('my-app', environment).values).toEqual({})
  })
})
