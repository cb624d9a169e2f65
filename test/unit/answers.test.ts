import { homedir } from 'node:os'
import { join, resolve as resolvePath } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/command-line/arguments.ts'
import { splitValues } from '../../src/command-line/values.ts'
import { CreateError } from '../../src/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { catalogue } from '../../src/models/catalogue.ts'
import { resolveAnswers } from '../../src/steps/answers.ts'
import type { Context } from '../../src/steps/context.ts'
import { parseTarget, requirePathFor } from '../../src/steps/target.ts'
import type { Prompter, SelectChoice } from '../../src/terminal/prompter.ts'
import { folderWithPrograms, oddNames, temporaryFolder, writeTree } from '../support/folders.ts'

const mac: Machine = {
  platform: 'darwin',
  architecture: 'arm64',
  memoryBytes: 16 * 2 ** 30,
  nodeVersion: '24.1.0',
}

/** Answers by what the question is about; each one that is asked is kept. */
function person(answers: Record<string, string>): {
  prompter: Prompter
  asked: string[]
  problems: string[]
} {
  const asked: string[] = []
  const problems: string[] = []
  const find = (message: string): string => {
    asked.push(message)
    const key = Object.keys(answers).find((part) => message.includes(part))
    if (key === undefined) throw new Error(`Nobody expected to be asked: ${message}`)
    return answers[key] ?? ''
  }
  return {
    asked,
    problems,
    prompter: {
      text: async (message, _initial, check) => {
        const answer = find(message)
        const problem = check(answer)
        if (problem !== undefined) problems.push(problem)
        return answer
      },
      select: async (message, choices) => {
        const answer = find(message)
        expect(choices.map((choice) => choice.value)).toContain(answer)
        return answer
      },
      selectMany: async (message, choices) => {
        const answer = splitValues(find(message))
        for (const value of answer) expect(choices.map((choice) => choice.value)).toContain(value)
        return answer
      },
    },
  }
}

function resolve(line: string, changes: Partial<Context> = {}, workingDirectory = '/work-folder') {
  return resolveAnswers(readArguments(line === '' ? [] : line.split(' '), {}), {
    environment: {},
    workingDirectory,
    machine: mac,
    takeDefaults: false,
    prompter: async () => undefined,
    pythonChoices: () => ['uv'],
    findMonorepo: async () => undefined,
    userName: async () => 'Ada Lovelace',
    ...changes,
  })
}

async function refusal(settling: Promise<unknown>): Promise<CreateError> {
  const error: unknown = await settling.then(
    () => new Error('It was not refused'),
    (reason: unknown) => reason,
  )
  if (error instanceof CreateError) return error
  throw error
}

describe('with --yes', () => {
  it('uses every default and lists them', async () => {
    const { target, answers, defaults } = await resolve('my-app', { takeDefaults: true })
    expect(target).toEqual({ path: '/work-folder/my-app', name: 'my-app' })
    expect(answers).toEqual({
      name: 'my-app',
      template: 'node',
      model: 'mlx-community/Qwen3.5-9B-4bit',
      revision: '8b2b98c00a6b4d291155e4890773ca8f769aee53',
      packageManager: 'npm',
      author: 'Ada Lovelace',
    })
    expect(defaults).toEqual([
      '--name my-app',
      '--template node',
      '--model mlx-community/Qwen3.5-9B-4bit',
      '--package-manager npm',
      "--author 'Ada Lovelace'",
    ])
  })

  it('lists no default if every answer is given', async () => {
    const line = 'my-app --name x --node --model hello --package-manager npm --author A'
    expect((await resolve(line, { takeDefaults: true })).defaults).toEqual([])
  })

  it('pins a model from the catalogue, and no other', async () => {
    const answersOf = async (model: string) =>
      (await resolve(`my-app --model ${model}`, { takeDefaults: true })).answers
    expect(await answersOf('mlx-community/Qwen3-0.6B-4bit')).toMatchObject({
      revision: '73e3e38d981303bc594367cd910ea6eb48349da8',
    })
    expect(await answersOf('mlx-community/gpt-oss-120b-MXFP4-Q8')).not.toHaveProperty('revision')
    expect(await answersOf('someone/else')).not.toHaveProperty('revision')
    expect(await answersOf('hello')).not.toHaveProperty('revision')
  })

  it('needs the folder', async () => {
    const error = await refusal(resolve('', { takeDefaults: true }))
    expect(error.exitCode).toBe(2)
    expect(error.hints.join('\n')).toContain('DIR')
  })

  it('follows the package manager that runs it', async () => {
    const environment = { npm_config_user_agent: 'pnpm/12.0.1 npm/? node/v24.0.0 darwin arm64' }
    const { answers } = await resolve('my-app', { takeDefaults: true, environment })
    expect(answers.packageManager).toBe('pnpm')
  })

  it('uses the project as copyright holder if git knows no name', async () => {
    const unknown = await resolve('my-app', { takeDefaults: true, userName: async () => undefined })
    expect(unknown.answers.author).toBe('my-app authors')
  })

  it('prefers given values to detected ones', async () => {
    const line = '@scope/my-app --model hello --env pip --package-manager bun --author Grace'
    const { target, answers } = await resolve(line, { takeDefaults: true })
    expect(target).toEqual({ path: '/work-folder/my-app', name: '@scope/my-app' })
    expect(answers).toMatchObject({ model: 'hello', env: 'pip', packageManager: 'bun', author: 'Grace' })
  })
})

describe('a given Python', () => {
  const python = process.execPath

  it('is used as it is, and the implied --env is listed as a default', async () => {
    const { answers, defaults } = await resolve(`x --python-path ${python}`, { takeDefaults: true })
    expect(answers).toMatchObject({ env: 'existing', pythonPath: python })
    expect(defaults).toContain('--env existing')
  })

  it.each(['uv', 'pip', 'existing'] as const)('is the starting point of --env %s', async (env) => {
    const { answers, defaults } = await resolve(`x --env ${env} --python-path ${python}`, {
      takeDefaults: true,
    })
    expect(answers).toMatchObject({ env, pythonPath: python })
    expect(defaults.join()).not.toContain('--env')
  })

  it('leaves no question about Python', async () => {
    const one = person({})
    const line = `x --node --model hello --with ci --python-path ${python}`
    await resolve(line, { prompter: async () => one.prompter, pythonChoices: () => ['uv', 'pip'] })
    expect(one.asked).toEqual([])
  })

  it('must exist', async () => {
    const error = await refusal(resolve('x --python-path ./none', { takeDefaults: true }))
    expect([error.exitCode, error.message]).toEqual([
      2,
      '--python-path ./none: /work-folder/none does not exist.',
    ])
  })
})

describe('features', () => {
  it('are selected once, in the order of the table, and none by default', async () => {
    const { answers, defaults } = await resolve('x --server --with docker,ci --with ci', {
      takeDefaults: true,
    })
    expect(answers.features).toEqual(['ci', 'docker'])
    expect(defaults.join()).not.toContain('--with')
    expect((await resolve('x', { takeDefaults: true })).answers).not.toHaveProperty('features')
    expect((await resolve('x --model hello')).answers).not.toHaveProperty('features')
  })
})

describe('a Python project', () => {
  it('is set up with uv, without a question', async () => {
    const one = person({})
    const { answers } = await resolve('x --model hello --node --with python', {
      prompter: async () => one.prompter,
      pythonChoices: () => ['uv', 'pip'],
    })
    expect(answers).not.toHaveProperty('env')
    expect(one.asked).toEqual([])
    const line = `x --with python --python-path ${process.execPath} --node`
    const built = await resolve(line, { takeDefaults: true })
    expect(built.answers).toMatchObject({ env: 'uv', pythonPath: process.execPath })
    expect(built.defaults).toContain('--env uv')
  })

  it.each(['pip', 'existing'])('is refused with --env %s', async (env) => {
    const error = await refusal(resolve(`x --with python --env ${env} --node`, { takeDefaults: true }))
    expect([error.exitCode, error.message]).toEqual([
      2,
      `--with python needs uv, so it can't be combined with --env ${env}.`,
    ])
  })
})

describe('a Python package', () => {
  const defaults = { takeDefaults: true }
  const named = (name: string) => resolve(`${name} --python`, defaults)

  it('has no package manager, and is installed with uv if it is there, or with pip', async () => {
    const withUv = { ...defaults, environment: { PATH: folderWithPrograms('uv', 'python3', 'npm') } }
    const { answers, defaults: used } = await resolve('my-package --python --model hello', withUv)
    expect(answers).toEqual({
      name: 'my-package',
      template: 'python',
      model: 'hello',
      author: 'Ada Lovelace',
      env: 'uv',
    })
    expect(used).toEqual(['--name my-package', '--env uv', "--author 'Ada Lovelace'"])
    const withoutUv = { ...defaults, environment: { PATH: folderWithPrograms('python3') } }
    expect((await resolve('my-package --python', withoutUv)).answers.env).toBe('pip')
  })

  it('asks only for what it needs', async () => {
    const one = person({ Project: 'my-package', template: 'python', model: 'hello', Add: '' })
    const environment = { PATH: folderWithPrograms('npm', 'yarn') }
    const context = {
      prompter: async () => one.prompter,
      pythonChoices: () => ['uv', 'pip'] as const,
      environment,
    }
    expect((await resolve('', context)).answers).toMatchObject({ name: 'my-package', template: 'python' })
    expect(one.asked.filter((question) => !question.includes('Add'))).toHaveLength(3)
  })

  it.each([
    ['My.Package', 'my-package'],
    ['a__b', 'a-b'],
    ['2048', '2048'],
    ['json', 'json-project'],
    ['mlx-app', 'mlx-app-project'],
    ['@scope/chat', 'chat'],
    ['日本', 'mlx-app-project'],
  ])('in a folder %s is called %s', async (folder, name) => {
    const { answers, defaults: used } = await named(folder)
    expect(answers.name).toBe(name)
    expect(used).toContain(`--name ${name}`)
  })

  it('can have any name that PyPI accepts, which is normalised', async () => {
    expect((await resolve('x --python --name My.Package_1', defaults)).answers.name).toBe('my-package-1')
  })

  it.each([
    ['@scope/x', 'A name on PyPI may contain only letters'],
    ['-x', 'A name on PyPI may contain only letters'],
    ['json', 'json-project is free of both.'],
    ['mlx_app', 'mlx-app-project is free of both.'],
  ])('cannot be called %s', async (name, problem) => {
    const error = await refusal(resolve(`x --python --name=${name}`, defaults))
    expect(error.exitCode).toBe(2)
    expect(error.message).toContain(`"${name}" is not a valid package name. `)
    expect(error.message).toContain(problem)
  })

  it.each([
    ['--package-manager pnpm', "can't be combined with --template python"],
    ['--env existing', "can't be combined with --env existing"],
    ['--with python', 'does not support --with python'],
  ])('is refused with %s', async (flags, problem) => {
    const error = await refusal(resolve(`x --python ${flags}`, defaults))
    expect(error.exitCode).toBe(2)
    expect(error.message).toContain(problem)
    expect(error.hints).not.toEqual([])
  })

  it('can be installed with a given Python', async () => {
    const line = `x --python --env pip --python-path ${process.execPath}`
    expect((await resolve(line, defaults)).answers).toMatchObject({
      env: 'pip',
      pythonPath: process.execPath,
    })
  })
})

describe('missing arguments', () => {
  it('are listed, with a command for the given folder', async () => {
    const error = await refusal(resolve('my-thing'))
    expect(error.exitCode).toBe(2)
    expect(error.hints).toContain('Or use all defaults: create-mlx-app my-thing --yes')
  })
})

it.each(['sub/node_modules', 'node_modules/my-app', 'sub/node_modules/@scope/deep/my-app'])(
  'refuses a folder in node_modules: %s',
  async (directory) => {
    const error = await refusal(resolve(directory, { takeDefaults: true }))
    expect([error.exitCode, error.message]).toEqual([
      2,
      'A project cannot be in a folder named node_modules.',
    ])
  },
)

it.each([
  ['a:b', 'The path contains ":", which separates folders in PATH: /work-folder/a:b'],
  ['a:b/c', 'The path contains ":"'],
  ['a\nb', 'The path contains a line break: "/work-folder/a\\nb"'],
])('refuses a folder whose path programs can not have: %j', async (directory, message) => {
  const folder = '/work-folder'
  expect(() => parseTarget(directory, folder)).toThrow(message)
  expect(() => parseTarget(directory, folder)).toThrow(expect.objectContaining({ exitCode: 2 }))
})

it.each([
  ['a#b', '--node', '#', 'Vite'],
  ['what?/app', '--server', '?', 'Vite'],
  ['100%20', '--desktop', '%', 'Vite'],
  ['a*', '--node', '*', 'Vite'],
  ['back\\slash', '--node', '\\', 'Node.js'],
  ['"quoted"', '--python', '"', 'pip'],
  ['$HOME', '--python', '$', 'pip'],
  ['`name`', '--python', '`', 'pip'],
])('refuses a project in %j, where its programs fail: %s', async (directory, template, found, program) => {
  const error = await refusal(resolve(`${directory} ${template} --name app`, { takeDefaults: true }))
  expect([error.exitCode, error.message]).toEqual([
    2,
    `The path contains ${found}, with which ${program} can't work: ${join('/work-folder', directory)}`,
  ])
})

it.each(['typescript', 'python'] as const)(
  'accepts a path that programs of a %s project can have',
  (language) => {
    expect(() => requirePathFor(language, oddNames[language])).not.toThrow()
  },
)

it.each(['biome.json', 'biome.jsonc', '.biome.json', '.biome.jsonc'])(
  'tells a project that is below %s, however far',
  async (name) => {
    const folder = temporaryFolder('below')
    const below = async (line: string) =>
      (await resolve(line, { takeDefaults: true }, folder)).answers.belowBiome
    expect(await below('apps/one')).toBe(undefined)
    writeTree(folder, { [name]: '{}' })
    expect(await below('apps/one')).toBe(true)
    expect(await below('one --python')).toBe(undefined)
  },
)

it('accepts a folder with node_modules in its name', async () => {
  const { target } = await resolve('my_node_modules/my-app', { takeDefaults: true })
  expect(target).toEqual({ path: '/work-folder/my_node_modules/my-app', name: 'my-app' })
})

describe('a feature that the template does not support', () => {
  it('is refused with the available ones', async () => {
    const error = await refusal(resolve('x --with docker,ci --node', { takeDefaults: true }))
    expect(error.exitCode).toBe(2)
    expect(error.message).toBe('The template node does not support --with docker.')
    expect(error.hints).toEqual([
      '--template node supports --with: ci, python',
      '--with docker needs --template server or python',
    ])
    const { answers } = await resolve('x --with docker,ci --server', { takeDefaults: true })
    expect(answers).toMatchObject({ template: 'server', features: ['ci', 'docker'] })
  })

  it('is not offered', async () => {
    const offered: string[][] = []
    const one = person({ Add: '', template: 'node' })
    one.prompter.selectMany = async (_, choices) => {
      offered.push(choices.map((choice) => choice.value))
      return []
    }
    await resolve('x --model hello --node', { prompter: async () => one.prompter })
    await resolve('x --model hello --server', { prompter: async () => one.prompter })
    await resolve('x --model hello --python', { prompter: async () => one.prompter })
    expect(offered).toEqual([
      ['ci', 'python'],
      ['ci', 'docker', 'python'],
      ['ci', 'docker', 'homebrew', 'projen'],
    ])
  })
})

describe('without a terminal', () => {
  it('lists what is missing, with its values', async () => {
    const error = await refusal(resolve(''))
    expect(error.exitCode).toBe(2)
    expect(error.hints.join('\n')).toMatch(/DIR: .*--model M: hello.*--yes/s)
  })

  it('makes the project when nothing is missing', async () => {
    expect((await resolve('my-app --model hello')).answers).toMatchObject({
      template: 'node',
      model: 'hello',
    })
  })
})

describe('on a terminal', () => {
  it('asks for the name, the template, the model and the features, and for nothing that is given', async () => {
    const all = person({ Project: 'my-app', template: 'server', model: 'hello', Add: 'ci' })
    const { answers } = await resolve('', { prompter: async () => all.prompter })
    expect(answers).toMatchObject({ name: 'my-app', template: 'server', model: 'hello', features: ['ci'] })
    expect(all.asked).toHaveLength(4)

    const none = person({})
    await resolve('my-app --node --model hello --with ci', { prompter: async () => none.prompter })
    expect(none.asked).toEqual([])

    const nothing = person({ Add: '' })
    const plain = await resolve('my-app --node --model hello', { prompter: async () => nothing.prompter })
    expect(plain.answers).not.toHaveProperty('features')
  })

  it('asks how to get Python if there is a choice and it will be set up', async () => {
    const choices: Partial<Context> = { pythonChoices: () => ['uv', 'pip'] }
    const one = person({ Python: 'pip', Add: '' })
    const { answers } = await resolve('my-app --node --model hello', {
      prompter: async () => one.prompter,
      ...choices,
    })
    expect(answers.env).toBe('pip')

    const other = person({})
    const line = 'my-app --node --model hello --with ci --no-install'
    expect(
      (await resolve(line, { prompter: async () => other.prompter, ...choices })).answers.env,
    ).toBeUndefined()
  })

  it('asks for the package manager if it cannot be detected', async () => {
    const folder = folderWithPrograms('npm', 'yarn')
    const line = 'my-app --node --model hello --with ci'
    const one = person({ 'package manager': 'yarn' })
    const prompter = async () => one.prompter
    expect((await resolve(line, { prompter, environment: { PATH: folder } })).answers.packageManager).toBe(
      'yarn',
    )
    expect(one.asked).toHaveLength(1)

    const environment = { PATH: folder, npm_config_user_agent: 'npm/11.19.1 node/v24.0.0' }
    const followed = await resolve(line, { prompter, environment })
    expect(followed.answers.packageManager).toBe('npm')
    expect(followed.defaults).toContain('--package-manager npm')
    expect(one.asked).toHaveLength(1)
  })

  it.each([
    ['node', ['text', 'vision']],
    ['server', ['text', 'vision', 'embeddings']],
  ])('offers for %s the models that it can run, with size and fit', async (template, tasks) => {
    const one = person({ Add: '' })
    let offered: readonly SelectChoice[] = []
    let proposed = ''
    let question = ''
    one.prompter.select = async (message, choices, initial) => {
      question = message
      offered = choices
      proposed = initial
      return 'hello'
    }
    await resolve(`my-app --${template}`, { prompter: async () => one.prompter })
    expect(offered.map(({ value }) => value)).toEqual([
      ...catalogue.filter(({ task }) => tasks.includes(task)).map(({ id }) => id),
      'other',
    ])
    for (const { title } of offered.slice(1, -1)) {
      expect(title).toMatch(/^mlx-community\/\S+ \([\d.]+ [MG]B, (fits|tight|too large)\)$/)
    }
    expect(proposed).toBe('mlx-community/Qwen3.5-9B-4bit')
    expect(question).toBe('Which model? (default: the largest that fits this machine)')
    expect(offered.find(({ value }) => value.includes('Qwen3-VL-4B'))?.description).toBe(
      'for images: photos, documents and screenshots; Apache-2.0',
    )
  })

  it('has a small default on Linux, where a CPU would read all of a large model, and says why', async () => {
    const one = person({ model: 'hello', Add: '' })
    const machine: Machine = { ...mac, platform: 'linux', architecture: 'x64' }
    await resolve('my-app --node', { prompter: async () => one.prompter, machine })
    expect(one.asked[0]).toContain('up to 2.5 GB on a CPU')
  })

  it('accepts a Hugging Face ID that is not in the list', async () => {
    const one = person({ 'Which model?': 'other', 'Hugging Face ID or path': 'some/model', Add: '' })
    const { answers } = await resolve('my-app --node', { prompter: async () => one.prompter })
    expect(answers.model).toBe('some/model')
    expect(one.problems).toEqual([])
  })

  it('explains an invalid name before it continues', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'taken/file': '' })
    for (const [name, problem] of [
      ['', 'must not be empty'],
      ['@scope/My-App', 'capital letters'],
      ['taken', 'not empty'],
      ['node_modules', 'node_modules'],
    ] as const) {
      const one = person({ Project: name, model: 'hello', Add: '' })
      await resolve('--node', { prompter: async () => one.prompter }, folder).catch(() => undefined)
      expect(one.problems.join()).toContain(problem)
    }
  })
})

describe('the folder', () => {
  it('may be any that the argument takes if it is asked for', async () => {
    const workingDirectory = temporaryFolder()
    const one = person({ Project: 'My App', model: 'hello', Add: '' })
    const asked = await resolve('--node', { prompter: async () => one.prompter }, workingDirectory)
    const target = { path: join(workingDirectory, 'My App'), name: 'my-app' }
    expect(one.problems).toEqual([])
    expect(asked.target).toEqual(target)
  })

  it.each([
    ['~/my-app', join(homedir(), 'my-app')],
    ['~other', '~other'],
  ])('may be in the home directory if it is asked for: %s', async (answer, expected) => {
    const workingDirectory = temporaryFolder()
    const one = person({ Project: answer, model: 'hello', Add: '' })
    const { target } = await resolve('--node', { prompter: async () => one.prompter }, workingDirectory)
    expect(target.path).toBe(resolvePath(workingDirectory, expected))
  })

  it('may be the current one, empty or with only git in it', async () => {
    const folder = join(temporaryFolder(), 'this one')
    writeTree(folder, { '.git/HEAD': '' })
    const { target } = await resolve('. --model hello', {}, folder)
    expect(target).toEqual({ path: folder, name: 'this-one' })
  })

  it('that is not empty is refused with its contents', async () => {
    const folder = temporaryFolder()
    writeTree(folder, Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`file${index}`, ''])))
    writeTree(folder, { 'a folder/x': '' })
    const error = await refusal(resolve('. --model hello', {}, folder))
    expect(error.exitCode).toBe(1)
    const text = error.hints.join('\n')
    expect(text).toContain('  a folder/\n  file0\n  file1\n  file10')
    expect(text).toContain('and 3 more')
    expect(text).toContain('--force')
    await resolve('. --model hello --force', {}, folder)
  })

  it('that is a file is refused', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { app: 'mine' })
    expect((await refusal(resolve('app --model hello --force', {}, folder))).message).toContain(
      'A file with this name already exists',
    )
    expect((await refusal(resolve('app/sub --model hello', {}, folder))).message).toContain(
      'Part of this path is a file',
    )
  })

  it('gets a name that npm accepts, unless one is given', async () => {
    expect((await resolve('Ünïcode/日本 --model hello')).answers.name).toBe('mlx-app')
    expect((await resolve('x --name @a/b --model hello')).answers.name).toBe('@a/b')
    expect((await refusal(resolve('x --name A --model hello'))).message).toContain('capital letters')
  })
})
