import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { openTemplates } from '../../src/compose/open.ts'
import { planProject } from '../../src/steps/plan.ts'
import { version } from '../../src/version.ts'
import { readTree, temporaryFolder, writeTree } from '../support/folders.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'
import { builtTool, gitIdentity, plainEnvironment, programs, runTool } from '../support/tool.ts'

const bin = await builtTool()
const quick = ['--yes', '--model', 'hello', '--no-install', '--no-git']

/** The files of a folder, without folders. */
const filesIn = (folder: string) =>
  Object.fromEntries(Object.entries(readTree(folder)).filter(([path]) => !path.endsWith('/')))

describe('the built tool', () => {
  it('makes exactly the files that the sources make', async () => {
    const folder = temporaryFolder()
    const { exitCode, stdout } = await runTool(bin, ['my app ü', ...quick], { cwd: folder })
    expect(exitCode).toBe(0)
    expect(stdout).toContain("cd 'my app ü'\n  npm install\n  npm run setup\n  npm start")
    const answers = {
      name: 'my-app-u',
      template: 'node',
      model: 'hello',
      packageManager: 'npm',
      author: 'my-app-u authors',
    } as const
    const source = await openTemplates(new URL('../../', import.meta.url))
    const planned = await planProject(answers, source, version)
    expect(filesIn(join(folder, 'my app ü'))).toEqual(
      Object.fromEntries([...planned].map(([path, bytes]) => [path, Buffer.from(bytes).toString()])),
    )
    expect(Object.keys(readTree(folder)).filter((path) => !path.startsWith('my app ü'))).toEqual([])
  })

  it('prints a command that makes the same project again', async () => {
    const first = temporaryFolder()
    const again = temporaryFolder()
    const own = ['--name', '@me/app', '--author', "O'Neil & sons", '--env', 'pip', '--with', 'ci']
    const flags = ['an app', ...own, ...quick]
    const { stdout } = await runTool(bin, flags, { cwd: first })
    const command = stdout.split('\n').findLast((line) => line.includes(`create-mlx-app@${version}`)) ?? ''
    const bare = command.trim().replace(`npx create-mlx-app@${version}`, `'${process.execPath}' '${bin}'`)
    await execa('sh', ['-c', bare], { cwd: again, env: plainEnvironment(), extendEnv: false })
    expect(readTree(again)).toEqual(readTree(first))
    expect(Object.keys(readTree(again))).toContain('an app/.github/workflows/ci.yml')
  })

  it('pins a model from the catalogue', async () => {
    const model = 'mlx-community/Qwen3-0.6B-4bit'
    const revision = '73e3e38d981303bc594367cd910ea6eb48349da8'
    const folder = temporaryFolder()
    const flags = ['x', '--yes', '--model', model, '--no-install', '--no-git', '--json']
    const { stdout } = await runTool(bin, flags, { cwd: folder })
    expect(JSON.parse(stdout)).toMatchObject({ answers: { model, revision }, notes: [] })
    const config = JSON.parse(readFileSync(join(folder, 'x', 'mlx.config.json'), 'utf8'))
    expect(config).toMatchObject({ model, revision })
  })

  it('explains how to use a model that is not text-only', async () => {
    const folder = temporaryFolder()
    const model = 'mlx-community/embeddinggemma-300m-4bit'
    const flags = ['x', '--yes', '--server', '--model', model, '--no-install', '--no-git']
    const { stdout } = await runTool(bin, flags, { cwd: folder })
    expect(stdout).toContain(
      'This model creates embeddings and generates no text. Use it with /v1/embeddings; a chat needs a text model.\n' +
        'To use it, run once: npm run setup -- --with vision\n',
    )
  })

  it('fills the current folder with "."', async () => {
    const folder = join(temporaryFolder(), 'this-one')
    writeTree(folder, { '.git/HEAD': 'ref: refs/heads/main\n' })
    const { exitCode, stdout } = await runTool(bin, ['.', ...quick], { cwd: folder })
    expect(exitCode).toBe(0)
    expect(stdout).not.toContain('cd ')
    expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: 'this-one' })
    expect(readFileSync(join(folder, '.git/HEAD'), 'utf8')).toBe('ref: refs/heads/main\n')
  })

  it('prints its version, its options and its models', async () => {
    const folder = temporaryFolder()
    expect((await runTool(bin, ['--version'], { cwd: folder })).stdout).toBe(version)
    expect((await runTool(bin, ['--help'], { cwd: folder })).stdout).toContain('--no-install')
    expect((await runTool(bin, ['--list'], { cwd: folder })).stdout).toContain(
      'mlx-community/Qwen3-0.6B-4bit',
    )
    const { stdout, stderr } = await runTool(bin, ['--list', '--json'], { cwd: folder })
    expect(stderr).toBe('')
    const list = JSON.parse(stdout)
    expect(list).toMatchObject({
      ok: true,
      templates: [
        { id: 'node', features: ['ci', 'python'], modelTasks: ['text', 'vision'] },
        { id: 'server', features: ['ci', 'docker', 'python'], modelTasks: ['text', 'vision', 'embeddings'] },
        { id: 'desktop', features: ['ci'], modelTasks: ['text', 'vision'] },
        { id: 'python', modelTasks: ['text', 'vision'] },
      ],
    })
    expect(list.models.length).toBeGreaterThan(20)
    expect(list.models).toContainEqual(
      expect.objectContaining({
        id: 'mlx-community/Qwen3-0.6B-4bit',
        task: 'text',
        downloadBytes: 351_383_618,
        licence: 'Apache-2.0',
        revision: '73e3e38d981303bc594367cd910ea6eb48349da8',
        fit: expect.stringMatching(/^(fits|slow on a CPU|tight|too large)$/),
      }),
    )
    expect(list.models.map(({ id }: { id: string }) => id)).toContain(list.defaultModel)
    const help = await runTool(bin, ['--help', '--json'], { cwd: folder })
    expect(JSON.parse(help.stdout)).toMatchObject({ ok: true, version })
    expect(JSON.parse(help.stdout).options).toContainEqual(
      expect.objectContaining({
        flag: '--template',
        short: '-t',
        values: ['node', 'server', 'desktop', 'python'],
        default: 'node',
      }),
    )
    expect(help.stderr).toContain('Without a terminal (scripts, CI, coding agents):')
    expect(readTree(folder)).toEqual({})
  })

  it('says which Node it needs if Node is too old', async () => {
    const folder = temporaryFolder()
    writeTree(folder, {
      'old.mjs':
        "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } })",
    })
    const { exitCode, stderr } = await execa(process.execPath, ['--import', './old.mjs', bin, 'x'], {
      cwd: folder,
      reject: false,
    })
    expect(exitCode).toBe(1)
    expect(stderr).toBe(`create-mlx-app needs Node ${engines()}; this one is ${process.version}`)
  })

  it('reports that the current folder no longer exists', async () => {
    const folder = join(temporaryFolder(), 'gone')
    writeTree(folder, { x: '' })
    const command = `rm -r '${folder}' && '${process.execPath}' '${bin}' x --yes`
    const { exitCode, stderr } = await execa('sh', ['-c', command], {
      cwd: folder,
      env: plainEnvironment(),
      extendEnv: false,
      reject: false,
    })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('The current folder no longer exists.')
  })

  it('writes nothing with --dry-run, and lists what it would write', async () => {
    const folder = temporaryFolder()
    const { exitCode, stdout } = await runTool(bin, ['x', '--dry-run', ...quick], { cwd: folder })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('src/main.ts (')
    expect(stdout).not.toContain('.github')
    const more = await runTool(bin, ['x', '--dry-run', '--with', 'ci', ...quick, '--json'], { cwd: folder })
    expect(JSON.parse(more.stdout)).toMatchObject({
      answers: { features: ['ci'] },
      files: expect.arrayContaining(['.github/workflows/ci.yml']),
      command: expect.stringContaining(' --with ci '),
    })
    expect(readTree(folder)).toEqual({})
  })
})

it('lists with --dry-run --force what it would overwrite, and leaves it as it is', async () => {
  const folder = temporaryFolder()
  const mine = { 'README.md': 'mine', 'notes.txt': 'mine' }
  writeTree(join(folder, 'x'), mine)
  const flags = ['x', '--dry-run', '--force', ...quick]
  const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder })
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^Would overwrite: README\.md$/m)
  const json = await runTool(bin, [...flags, '--json'], { cwd: folder })
  expect(JSON.parse(json.stdout)).toMatchObject({ dryRun: true, overwritten: ['README.md'] })
  expect(readTree(join(folder, 'x'))).toEqual(mine)
})

describe('a program that reads the result', () => {
  it('gets one line of JSON on stdout and nothing else', async () => {
    const folder = temporaryFolder()
    const { stdout, stderr } = await runTool(bin, ['x', '--json', ...quick], { cwd: folder })
    expect(stdout.split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      directory: join(folder, 'x'),
      answers: { model: 'hello' },
      defaults: expect.arrayContaining(['--template node', "--author 'x authors'"]),
      overwritten: [],
      install: 'skipped',
      git: 'skipped',
      next: ['cd x', 'npm install', 'npm run setup', 'npm start', 'npm -s start -- "Who are you?"'],
      notes: [],
      command: expect.stringMatching(/^npx create-mlx-app@\S+ x --yes .* --no-install --no-git$/),
    })
    expect(stderr).toContain('Next steps:')
  })

  it.each([
    [['x', '--modle', 'y', '--json'], 2, 'Unknown flag: --modle'],
    [['taken', '--json', ...quick], 1, 'The folder is not empty'],
  ])('gets the error of %j as JSON', async (flags, code, message) => {
    const folder = temporaryFolder()
    writeTree(folder, { 'taken/mine': '' })
    const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder })
    expect(exitCode).toBe(code)
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining(message) },
    })
  })
})

describe('wrong usage', () => {
  it.each([
    [[], 'DIR: the folder to create'],
    [['x'], '--model M:'],
    [['--yes'], 'DIR is missing'],
    [['x', '--template', 'react', '--yes'], 'Values of --template: node'],
    [['x', '--with', 'frobnicate', '--yes'], 'Values of --with: ci, docker, python'],
    [['x', '--with', 'docker', '--yes'], '--template node supports --with: ci, python'],
    [
      ['x', '--server', '--template', 'node'],
      '--server means --template server, but --template node was given too.',
    ],
    [['x', '--node', '--server'], '--server means --template server, but --template node was given too.'],
    [['x', '--tempalte', 'node'], 'Did you mean --template?'],
    [['x', '--yes', '--model', 'gpt'], 'Unknown model: gpt'],
    [['x', '--yes', '--name', 'A b'], 'is not a valid package name'],
    [['x', '--yes', '--python-path', './none'], 'none does not exist.'],
    [['x', '--yes', '--python-path', '.'], 'is not an executable file.'],
    [['x', '--yes', '--python-path', 'python0'], 'python0 was not found on the PATH.'],
    [['x', 'y'], 'Expected one folder'],
  ])(
    '%j without a terminal: exits with 2, lists the choices, and creates nothing',
    async (flags, message) => {
      const folder = temporaryFolder()
      const { exitCode, stdout, stderr } = await runTool(bin, flags, { cwd: folder })
      expect(exitCode).toBe(2)
      expect(stderr).toContain(message)
      expect(stderr).not.toContain('    at ')
      expect(stdout).toBe('')
      expect(readTree(folder)).toEqual({})
    },
  )

  it.each([
    [{ CLAUDECODE: '1' }, 'Running under Claude Code'],
    [{ CI: 'true' }, 'Running under CI'],
  ])('does not include %o: nothing is asked, and the output says why', async (variables, line) => {
    const folder = temporaryFolder()
    const flags = ['x', '--no-install', '--no-git']
    const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder, env: plainEnvironment(variables) })
    expect(exitCode).toBe(0)
    expect(stdout).toContain(line)
    expect(stdout).toMatch(
      /^Using defaults: --name x --template node --model \S+ --package-manager npm --author 'x authors'$/m,
    )
  })
})

describe('a folder that is not empty', () => {
  const mine = { 'README.md': 'mine', 'notes/a.txt': 'mine', '.git/HEAD': 'mine' }

  it('is left alone: exits with 1 and lists its contents', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    const before = readTree(folder)
    const { exitCode, stderr } = await runTool(bin, ['.', ...quick], { cwd: folder })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('  README.md\n  notes/\n')
    expect(readTree(folder)).toEqual(before)
  })

  it('is filled with --force, which says what it overwrote', async () => {
    const folder = temporaryFolder()
    writeTree(folder, mine)
    const { exitCode, stdout } = await runTool(bin, ['.', '--force', ...quick], { cwd: folder })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Overwrote: README.md\n')
    expect(readTree(folder)).toMatchObject({ 'notes/a.txt': 'mine', '.git/HEAD': 'mine' })
    expect(existsSync(join(folder, 'src/main.ts'))).toBe(true)
  })
})

describe('git', needs('git'), () => {
  const flags = ['x', '--yes', '--model', 'hello', '--no-install']
  const git = async (folder: string, ...command: string[]) =>
    (await execa(program('git'), command, { cwd: folder, reject: false })).stdout

  it('makes one commit of everything, as the user', async () => {
    const folder = temporaryFolder()
    const env = plainEnvironment(gitIdentity)
    const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder, env })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('one commit')
    const project = join(folder, 'x')
    expect(await git(project, 'log', '--format=%an: %s')).toBe(
      `Ada Lovelace: Create x with create-mlx-app ${version}`,
    )
    expect(await git(project, 'status', '--porcelain')).toBe('')
    expect(await git(project, 'ls-files', 'vendor')).toMatch(/^vendor\/mlx-app-\S+\.tgz$/)
    expect(await git(project, 'branch', '--show-current')).toBe('main')
  })

  it('provides the copyright holder', async () => {
    const folder = temporaryFolder()
    const env = plainEnvironment(gitIdentity)
    writeFile(join(env.HOME ?? '', '.gitconfig'), '[user]\n\tname = Grace Hopper\n')
    await runTool(bin, flags, { cwd: folder, env })
    expect(readFileSync(join(folder, 'x', 'LICENSE'), 'utf8')).toContain('Copyright (c) Grace Hopper\n')
  })

  it('without an identity makes no commit, and the output says so', async () => {
    const folder = temporaryFolder()
    const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('no user.name and user.email')
    expect(existsSync(join(folder, 'x', '.git'))).toBe(true)
  })

  it('leaves an existing work tree alone, and the output says so', async () => {
    const folder = temporaryFolder()
    await git(folder, 'init', '--quiet')
    const env = plainEnvironment(gitIdentity)
    const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder, env })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('already inside a git work tree')
    expect(existsSync(join(folder, 'x', '.git'))).toBe(false)
  })
})

describe('install and setup', () => {
  const flags = ['x', '--yes', '--model', 'hello', '--no-git']
  /** Says what it was asked to do, and fails when its first word is the given one. */
  const npm = (failing: string) => `echo "ran npm $*"; [ "$1" != ${failing} ]`
  const run = async (program: string, ...more: string[]) => {
    const folder = temporaryFolder()
    const env = plainEnvironment({
      PATH: programs(program === '' ? {} : { npm: program }),
      npm_config_template: 'node',
    })
    return { folder, ...(await runTool(bin, [...flags, ...more], { cwd: folder, env })) }
  }

  it('are run by the package manager, with the chosen way to get Python', async () => {
    const { exitCode, stdout } = await run(npm('none'), '--env', 'pip')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('ran npm install\n')
    expect(stdout).toContain('ran npm run setup -- --env pip\n')
    expect(stdout).toMatch(/Next steps:\n {2}cd x\n {2}npm start\n/)
  })

  it('use the given Python, relative to the current folder', async () => {
    const named = temporaryFolder('a python')
    writeTree(named, { python3: '' })
    chmodSync(join(named, 'python3'), 0o755)
    const python = join(named, 'python3')
    const { exitCode, stdout, folder } = await run(npm('none'), '--python-path', python, '--json')
    expect(exitCode).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.answers).toMatchObject({ env: 'existing', pythonPath: python })
    expect(result.defaults).toContain('--env existing')
    expect(result.command).toContain(` --env existing --python-path '${python}' `)
    const record = readFileSync(join(folder, 'x', '.create-mlx-app.json'), 'utf8')
    expect(record).toContain('"env": "existing"')
    expect(record).not.toContain(named)

    const built = await run(`printf '%s\\n' "$@"`, '--env', 'pip', '--python-path', python)
    expect(built.stdout).toContain(`run\nsetup\n--\n--env\npip\n--python\n${python}\n`)
  })

  it.each([
    ['install', 'Could not install the packages: exit code 1', 'npm install && npm run setup', ''],
    ['run', 'Could not set up Python: exit code 1', 'npm run setup', 'solve the problem above and '],
  ])(
    'that fail in npm %s keep the project, say how to continue, and exit with 1',
    async (failing, message, command, first) => {
      const { exitCode, stdout, stderr, folder } = await run(npm(failing))
      expect(exitCode).toBe(1)
      expect(stderr).toContain(message)
      expect(stderr).toContain(`To finish, ${first}run there: ${command}`)
      expect(stdout).toContain(`  ${command.split(' && ')[0]}\n`)
      expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true)
    },
  )

  it('use the package manager on the PATH if none runs the tool', async () => {
    const folder = temporaryFolder()
    const env = plainEnvironment({ PATH: programs({ pnpm: 'echo "ran $*"' }) })
    const { exitCode, stdout } = await runTool(bin, flags, { cwd: folder, env })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Installing packages with pnpm...\nran install\n')
    expect(stdout).toContain('Setting up Python...\nran run setup\n')
    expect(stdout).toContain(' --package-manager pnpm ')
    expect(existsSync(join(folder, 'x', 'pnpm-workspace.yaml'))).toBe(true)
  })

  it('report a missing package manager', async () => {
    const { exitCode, stderr } = await run('')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('npm was not found on the PATH')
  })

  it('print on stderr with --json, and end up in the result', async () => {
    const { stdout, stderr } = await run(npm('run'), '--json')
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, install: 'done', setup: 'failed', git: 'skipped' })
    expect(stderr).toContain('ran npm install')
  })
})

function writeFile(path: string, text: string): void {
  writeTree(join(path, '..'), { [path.slice(path.lastIndexOf('/') + 1)]: text })
}

function engines(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return Object(manifest).engines.node
}
