import { chmodSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Answers } from '../../src/choices.ts'
import { quote } from '../../src/command-line/quote.ts'
import { detectAutomation } from '../../src/machine/automation.ts'
import { packageManagerChoices } from '../../src/machine/package-manager-choices.ts'
import { pythonChoices } from '../../src/machine/python-choices.ts'
import { locatePython } from '../../src/machine/python-path.ts'
import { findOnPath } from '../../src/machine/search-path.ts'
import { findModel, fitOf } from '../../src/models/catalogue.ts'
import { invokingPackageManager, setupCommand } from '../../src/package-manager.ts'
import { childEnvironment } from '../../src/process/child-environment.ts'
import { modelNotes } from '../../src/steps/model-notes.ts'
import { displayPath, nextCommands, repeatCommand } from '../../src/steps/next-commands.ts'
import { folderWithPrograms, temporaryFolder, writeTree } from '../support/folders.ts'

const answers: Answers = {
  name: 'my-app',
  template: 'node',
  model: 'hello',
  packageManager: 'npm',
  author: "Ada O'Neil",
}

describe('the next commands', () => {
  it('are those of the package manager, in order', () => {
    const left = { install: true, setup: true, start: true }
    expect(nextCommands('/here/my app', answers, '/here', left, {})).toEqual([
      "cd 'my app'",
      'npm install',
      'npm run setup',
      'npm start',
      'npm -s start -- "Who are you?"',
    ])
    expect(
      nextCommands('/here', { ...answers, packageManager: 'yarn', env: 'pip' }, '/here', left, {}),
    ).toEqual(['yarn install', 'yarn run setup --env pip', 'yarn run start', 'yarn start "Who are you?"'])
  })

  it('include the given Python, quoted for a shell', () => {
    const named: Answers = { ...answers, env: 'pip', pythonPath: '/my pythons/python3' }
    expect(
      nextCommands('/here/x', named, '/here', { install: false, setup: true, start: true }, {}),
    ).toContain("npm run setup -- --env pip --python '/my pythons/python3'")
  })

  it('do not ask a server a question', () => {
    const left = { install: true, setup: false, start: true }
    expect(nextCommands('/here/x', { ...answers, template: 'server' }, '/here', left, {})).toEqual([
      'cd x',
      'npm install',
      'npm start',
    ])
  })

  it('leave out completed steps', () => {
    expect(
      nextCommands('/here/x', answers, '/here', { install: false, setup: false, start: true }, {})[1],
    ).toBe('npm start')
  })

  describe('of a Python package', () => {
    const { packageManager: _, ...others } = answers
    const python: Answers = { ...others, name: 'my-package', template: 'python' }
    const left = { install: true, setup: false, start: true }
    const next = (changes: Partial<Answers>, ...programs: string[]) =>
      nextCommands('/here/my-package', { ...python, ...changes }, '/here', left, {
        PATH: folderWithPrograms(...programs),
      })

    it('use uv, which also writes the locks for pip', () => {
      expect(next({ env: 'uv' }, 'uv')).toEqual([
        'cd my-package',
        'uv sync',
        'uv export --quiet --no-dev --extra server --no-emit-project --output-file requirements.lock',
        'uv export --quiet --no-emit-project --output-file requirements-dev.lock',
        'uv run my-package ask "Who are you?"',
        'uv run my-package serve',
      ])
      expect(next({ env: 'uv', pythonPath: '/my pythons/python3' }, 'uv')).toContain(
        "uv sync --python '/my pythons/python3'",
      )
    })

    it('install uv in the environment if it is missing', () => {
      expect(next({ env: 'uv' })).toEqual([
        'cd my-package',
        'python3 -m venv .venv',
        '.venv/bin/python -m pip install uv',
        '.venv/bin/uv sync --inexact',
        '.venv/bin/uv export --quiet --no-dev --extra server --no-emit-project --output-file requirements.lock',
        '.venv/bin/uv export --quiet --no-emit-project --output-file requirements-dev.lock',
        '.venv/bin/my-package ask "Who are you?"',
        '.venv/bin/my-package serve',
      ])
    })

    it('use pip, which installs the versions in the lock', () => {
      expect(next({ env: 'pip', pythonPath: '/opt/python' }, 'uv')).toEqual([
        'cd my-package',
        '/opt/python -m venv .venv',
        '.venv/bin/python -m pip install --require-hashes -r requirements-dev.lock',
        '.venv/bin/python -m pip install --no-deps -e .',
        '.venv/bin/my-package ask "Who are you?"',
        '.venv/bin/my-package serve',
      ])
    })

    it('repeat the run without a package manager', () => {
      const environment = { npm_config_user_agent: 'pnpm/12.0.1 npm/? node/v24.0.0' }
      const repeated = repeatCommand(
        '/here/x',
        { ...python, env: 'uv' },
        '/here',
        '1.2.3',
        new Set(),
        environment,
      )
      expect(repeated).toBe(
        `pnpm dlx create-mlx-app@1.2.3 x --yes --name my-package --template python --model hello --env uv --author 'Ada O'\\''Neil'`,
      )
    })
  })

  it('do not start a project that cannot run its model', () => {
    const left = { install: true, setup: false, start: false }
    expect(nextCommands('/here/x', answers, '/here', left, {})).toEqual(['cd x', 'npm install'])
  })

  it('use the shortest form of a path', () => {
    expect(displayPath('/here/x/y', '/here')).toBe('x/y')
    expect(displayPath('/there', '/here')).toBe('/there')
    expect(displayPath('/here/-x', '/here')).toBe('./-x')
    expect(displayPath('/here/@x/y', '/here')).toBe('./@x/y')
  })
})

describe('the command that makes the same project', () => {
  const command = (changes: Partial<Answers>, agent?: string, target = '/here/my app') =>
    repeatCommand(target, { ...answers, ...changes }, '/here', '1.2.3', new Set(['no-git']), {
      ...(agent === undefined ? {} : { npm_config_user_agent: agent }),
    })
  const rest = `--name my-app --template node --model hello`

  it('names every answer, quoted for a shell', () => {
    expect(command({})).toBe(
      `npx create-mlx-app@1.2.3 'my app' --yes ${rest} --package-manager npm --author 'Ada O'\\''Neil' --no-git`,
    )
    expect(command({ env: 'uv', features: ['ci', 'docker'] }, undefined, '/here')).toContain(
      `npx create-mlx-app@1.2.3 . --yes ${rest} --with ci,docker --env uv --package-manager npm`,
    )
  })

  it('contains the given Python', () => {
    expect(command({ env: 'existing', pythonPath: '/opt/my python/bin/python3' })).toContain(
      "--env existing --python-path '/opt/my python/bin/python3' --package-manager npm",
    )
  })

  it('leaves out the revision of the model, which this version of the tool knows', () => {
    expect(command({ model: 'a/b', revision: 'c' })).toContain('--model a/b --package-manager')
  })

  it.each([
    ['npm', 'npm/11.19.1 node/v24.0.0', 'npx create-mlx-app@1.2.3'],
    ['pnpm', 'pnpm/12.0.1 npm/? node/v24.0.0', 'pnpm dlx create-mlx-app@1.2.3'],
    ['yarn', 'yarn/4.9.0 npm/? node/v24.0.0', 'yarn dlx create-mlx-app@1.2.3'],
    // It has no dlx.
    ['yarn', 'yarn/1.22.22 npm/? node/v24.0.0', 'npx create-mlx-app@1.2.3'],
    ['yarn', 'npm/11.19.1 node/v24.0.0', 'npx create-mlx-app@1.2.3'],
    ['bun', 'bun/1.3.0 npm/? node/v24.0.0', 'bunx create-mlx-app@1.2.3'],
  ] as const)('for %s, started by %s, is %s', (packageManager, agent, words) => {
    expect(command({ packageManager }, agent)).toMatch(new RegExp(`^${words.replaceAll('.', '\\.')} `))
    expect(command({ packageManager }, agent)).toContain(` --package-manager ${packageManager} `)
  })
})

it('quotes characters that are special in a shell', () => {
  expect(quote('plain-1.0/x@y')).toBe('plain-1.0/x@y')
  expect(quote('')).toBe("''")
})

it.each([
  [undefined, undefined],
  ['npm/11.19.1 node/v20.20.2 linux x64', 'npm'],
  ['pnpm/12.0.1 npm/? node/v24.0.0', 'pnpm'],
  ['yarn/4.9.0 npm/? node/v24.0.0', 'yarn'],
  ['bun/1.3.0 npm/? node/v24.0.0', 'bun'],
  ['cnpm/9.0.0 npm/? node/v24.0.0', undefined],
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
  expect(setupCommand({ packageManager: 'bun', env: 'existing', pythonPath: '/p y' })).toEqual(
    'bun run setup --env existing --python'.split(' ').concat('/p y'),
  )
})

describe('the environment', () => {
  it('of child processes contains no variables of the command that created the project', () => {
    const kept = { PATH: '/bin', npm_config_registry: 'r', GIT_AUTHOR_NAME: 'a' }
    const dropped = {
      npm_config_template: 'node',
      npm_config_force: 'true',
      npm_config_omit: 'dev',
      NODE_ENV: 'production',
      GIT_DIR: '/x',
      GIT_INDEX_FILE: 'y',
    }
    expect(childEnvironment({ ...kept, ...dropped })).toEqual(kept)
  })

  it('of child processes excludes loopback from a proxy', () => {
    const https_proxy = 'http://p.test:1'
    const both = (names: string) => ({ https_proxy, NO_PROXY: names, no_proxy: names })
    expect(childEnvironment({ https_proxy })).toEqual(both('localhost,127.0.0.1,::1'))
    expect(childEnvironment({ https_proxy, NO_PROXY: 'a.test, 127.0.0.1' })).toEqual(
      both('a.test,127.0.0.1,localhost,::1'),
    )
    expect(childEnvironment({ https_proxy, no_proxy: 'b.test' })).toEqual(
      both('b.test,localhost,127.0.0.1,::1'),
    )
    for (const settled of [{ https_proxy, NO_PROXY: '*' }, { NO_PROXY: 'a.test' }]) {
      expect(childEnvironment(settled)).toEqual(settled)
    }
  })

  it.each([
    [{ CLAUDECODE: '1' }, 'Claude Code'],
    [{ CODEX_THREAD_ID: 'x', CI: 'true' }, 'Codex'],
    [{ AI_AGENT: 'mine' }, 'a coding agent'],
    [{ TF_BUILD: 'True' }, 'CI'],
    [{ TEAMCITY_VERSION: '2026.1' }, 'CI'],
    [{ CI: '0' }, undefined],
    [{ CURSOR_TRACE_ID: 'x', TERM_PROGRAM: 'vscode' }, undefined],
    [{ CI: 'true' }, 'CI'],
    [{ CI: 'false' }, undefined],
    [{ CI: '' }, undefined],
    [{}, undefined],
  ])('%o is detected as %s', (environment, name) => {
    expect(detectAutomation(environment)).toBe(name)
  })

  it('offers ways to get Python only where there is a choice', () => {
    const both = folderWithPrograms('python3', 'uv')
    expect(pythonChoices({ PATH: folderWithPrograms('python3') })).toEqual(['uv', 'pip'])
    expect(pythonChoices({ PATH: both })).toEqual(['uv'])
    expect(pythonChoices({ PATH: '' })).toEqual(['uv'])
    expect(pythonChoices({ PATH: both, MLX_PYTHON: '/x' })).toEqual(['existing', 'uv'])
    expect(pythonChoices({ PATH: both, MLX_SERVING_PYTHON_PATH: '/x' })).toEqual(['existing', 'uv'])
  })

  it('offers package managers only if the current one cannot be detected', () => {
    const several = folderWithPrograms('bun', 'pnpm', 'npm')
    expect(packageManagerChoices({ PATH: several })).toEqual(['npm', 'pnpm', 'bun'])
    const byYarn = { PATH: several, npm_config_user_agent: 'yarn/4.0.0 npm/?' }
    expect(packageManagerChoices(byYarn)).toEqual(['yarn'])
    expect(packageManagerChoices({ PATH: folderWithPrograms('pnpm') })).toEqual(['pnpm'])
    expect(packageManagerChoices({ PATH: '' })).toEqual(['npm'])
  })

  it('searches the PATH for package managers once', () => {
    const looked: string[] = []
    const environment = new Proxy<NodeJS.ProcessEnv>(
      { PATH: folderWithPrograms('bun', 'npm') },
      {
        get: (target, name) => {
          if (name === 'PATH') looked.push(name)
          return Reflect.get(target, name)
        },
      },
    )
    expect(packageManagerChoices(environment)).toEqual(['npm', 'bun'])
    const searched = looked.length
    expect(packageManagerChoices(environment)).toEqual(['npm', 'bun'])
    expect([searched > 0, looked.length]).toEqual([true, searched])
  })

  it('ignores a file on the PATH that cannot be run', () => {
    const folder = temporaryFolder()
    writeTree(folder, { uv: '', 'python3/x': '' })
    expect(findOnPath('uv', { PATH: folder })).toBeUndefined()
    expect(findOnPath('python3', { PATH: folder })).toBeUndefined()
    const python = folderWithPrograms('python3.13')
    expect(findOnPath('python3.13', { PATH: `${folder}::${python}` })).toBe(`${python}/python3.13`)
  })
})

describe('a given Python', () => {
  const folder = (): string => {
    const made = temporaryFolder()
    writeTree(made, { 'venv/bin/python': '', 'notes.txt': '' })
    chmodSync(`${made}/venv/bin/python`, 0o755)
    return made
  }

  it('is a relative or absolute path, or a program on the PATH', () => {
    const here = folder()
    const python = `${here}/venv/bin/python`
    expect(locatePython('venv/bin/python', here, {})).toBe(python)
    expect(locatePython('./venv/bin/python', here, {})).toBe(python)
    expect(locatePython(python, '/', {})).toBe(python)
    expect(locatePython('python', '/', { PATH: `${here}/venv/bin` })).toBe(python)
  })

  it.each([
    ['./none', 'does not exist', 'Give the path of the interpreter itself'],
    ['./notes.txt', 'is not an executable file', 'Give the path of the interpreter itself'],
    ['./venv', 'is not an executable file', 'venv/bin/python?'],
    ['venv', 'is not an executable file', 'venv/bin/python?'],
    ['python9', 'python9 was not found on the PATH.', 'You can also give the path'],
  ])('is refused as %s: %s', (text, message, hint) => {
    const here = folder()
    const locating = () => locatePython(text, here, { PATH: here })
    expect(locating).toThrow(message)
    expect(locating).toThrow(expect.objectContaining({ exitCode: 2, hints: [expect.stringContaining(hint)] }))
  })
})

describe('the notes about a model', () => {
  const notes = (id: string, changes: Partial<Answers> = {}, memoryBytes = 2 ** 40) => {
    const model = findModel(`mlx-community/${id}`)
    if (model === undefined) throw new Error(`${id} is not in the catalogue.`)
    const fit = fitOf(model, { memoryBytes, platform: 'darwin' })
    return modelNotes({ ...model, fit }, { ...answers, ...changes }, '/here')
  }

  it('say that a model is too large for this machine', () => {
    expect(notes('Qwen3.5-9B-4bit', {}, 8e9)[0]).toMatch(
      /^This model needs \d+\.?\d* GB of memory, which is more than it can use on this machine\./,
    )
    expect(notes('Qwen3-0.6B-4bit', {}, 8e9)).toEqual([])
  })

  it('are empty for a text model and for an unknown one', () => {
    expect(notes('Qwen3-0.6B-4bit')).toEqual([])
    expect(modelNotes(undefined, answers, '/here')).toEqual([])
  })

  it('say how to use a folder with the name of a model from the hub', () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'mine/Model/config.json': '{}' })
    const named = { ...answers, model: 'mine/Model' }
    expect(modelNotes(undefined, named, folder)).toEqual([
      'The model mine/Model comes from the hub. For the folder with this name, use --model ./mine/Model',
    ])
  })

  it('say how to enable images', () => {
    const command = 'npm run setup -- --with vision'
    expect(notes('Qwen3-VL-4B-Instruct-4bit')).toEqual([`To use images, run once: ${command}`])
    expect(notes('Qwen3.5-9B-4bit', { packageManager: 'yarn' })).toEqual([
      'To use images, run once: yarn run setup --with vision',
    ])
    expect(notes('gemma-4-e4b-it-4bit', { env: 'existing' })).toEqual([
      'To use images, your Python needs the package mlx-vlm.',
    ])
    expect(notes('gemma-4-e4b-it-4bit', { features: ['python'] })).toEqual([
      'To use images, change "mlx-app" to "mlx-app[vision]" in python/pyproject.toml, then run: npm run setup',
    ])
  })

  it('say that an embedding model generates no text', () => {
    expect(notes('Qwen3-Embedding-0.6B-4bit-DWQ', { template: 'server' })).toEqual([
      expect.stringContaining('Use it with /v1/embeddings'),
    ])
    expect(notes('embeddinggemma-300m-4bit')).toEqual([
      expect.stringContaining('engine.embed()'),
      'To use it, run once: npm run setup -- --with vision',
    ])
  })
})
