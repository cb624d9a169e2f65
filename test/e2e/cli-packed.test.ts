import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../scripts/bundle.ts'
import { carriedPackages } from '../../scripts/carried.ts'
import { version } from '../../src/version.ts'
import { readTree, temporaryFolder } from '../support/folders.ts'
import { plainEnvironment } from '../support/tool.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

const staging = mkdtempSync(join(tmpdir(), 'create-mlx-app-packed-'))
const published = join(staging, 'published')
const tarball = join(published, `create-mlx-app-${version}.tgz`)
const installed = join(staging, 'an empty folder')

beforeAll(async () => {
  mkdirSync(published)
  // What npm publish sees, beside the work tree, so that nothing else can build there at the same time.
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    copyFileSync(join(repository, name), join(published, name))
  }
  await bundle(join(published, 'dist'))
  await execa('npm', ['pack', '--ignore-scripts'], { cwd: published })
  mkdirSync(installed)
  await execa('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: installed })
})
afterAll(() => rmSync(staging, { recursive: true, force: true }))

/** The environment in which npm works: its cache and settings are the user's. */
const npmEnvironment = () => {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(npm_config_(cache|registry|userconfig)|HTTPS?_PROXY)$/i.test(name),
  )
  return plainEnvironment({ ...Object.fromEntries(kept), npm_config_cache: temporaryFolder('cache') })
}

describe('the packed tool', () => {
  it('has no dependencies', () => {
    expect(readdirSync(join(installed, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'create-mlx-app',
    ])
  })

  it('holds what it needs and nothing else', async () => {
    const carried = (await carriedPackages()).map(({ file }) => `dist/vendor/${file}`)
    const files = Object.keys(readTree(join(installed, 'node_modules', 'create-mlx-app')))
    expect(carried).toHaveLength(3)
    expect(files.sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/',
      'dist/THIRD-PARTY-LICENSES.txt',
      'dist/chunks/',
      'dist/chunks/catalogue.js',
      'dist/chunks/colours.js',
      'dist/chunks/processes.js',
      'dist/chunks/prompt.js',
      'dist/chunks/workspace-lists.js',
      'dist/index.js',
      'dist/layers.bin',
      'dist/vendor/',
      ...carried.sort(),
      'package.json',
    ])
  })

  it('names the licence of each bundled package', () => {
    const licences = readFileSync(
      join(installed, 'node_modules', 'create-mlx-app', 'dist', 'THIRD-PARTY-LICENSES.txt'),
      'utf8',
    )
    for (const name of ['prompts', 'kleur', 'kolorist', 'zeptomatch', 'smol-toml'])
      expect(licences).toContain(`${name}\n---`)
  })

  it('creates a project, dotfiles and model included, at a path with spaces', async () => {
    const folder = temporaryFolder('a folder with spaces')
    const { exitCode, stdout } = await execa(
      join(installed, 'node_modules', '.bin', 'create-mlx-app'),
      ['my app', '--yes', '--model', 'hello', '--no-install', '--no-git'],
      { cwd: folder, env: npmEnvironment(), extendEnv: false, reject: false },
    )
    expect(exitCode).toBe(0)
    expect(stdout).toContain("cd 'my app'")
    const files = Object.keys(readTree(join(folder, 'my app')))
    for (const path of ['.gitignore', '.gitattributes', 'src/main.ts']) {
      expect(files).toContain(path)
    }
  })
})

describe('through npm, which consumes some flags itself', () => {
  const create = async (...flags: string[]) => {
    const folder = temporaryFolder()
    const result = await execa(
      'npm',
      ['exec', '--yes', '--offline', `--package=${tarball}`, 'create-mlx-app', ...flags],
      {
        cwd: folder,
        env: npmEnvironment(),
        extendEnv: false,
        reject: false,
        stdin: 'ignore',
      },
    )
    return { ...result, folder }
  }

  it('recovers the model', async () => {
    const { exitCode, folder } = await create('my-app', '--model', 'hello', '--', '--no-install', '--no-git')
    expect(exitCode).toBe(0)
    const config: unknown = JSON.parse(readFileSync(join(folder, 'my-app', 'mlx.config.json'), 'utf8'))
    expect(config).toMatchObject({ model: 'hello' })
  })

  it('recovers the short form of a template', async () => {
    const { exitCode, folder } = await create(
      'my-app',
      '--server',
      '--',
      '--model',
      'hello',
      '--no-install',
      '--no-git',
    )
    expect(exitCode).toBe(0)
    expect(readFileSync(join(folder, 'my-app', '.create-mlx-app.json'), 'utf8')).toContain(
      '"template": "server"',
    )
  })

  it.each([
    [['--list'], 'npm create mlx-app@latest -- --list'],
    [
      ['my-app', '--server', '--with', 'docker'],
      'npm create mlx-app@latest my-app -- --with docker --server',
    ],
    [['my-app', '--python-path', './p'], 'npm create mlx-app@latest my-app -- --python-path ./p'],
    [
      ['my-app', '--template=node', '--no-git'],
      'npm create mlx-app@latest my-app -- --template node --no-git',
    ],
    [
      ['my-app', '--no-install', '--model', 'hello'],
      'npm create mlx-app@latest my-app -- --model hello --no-install',
    ],
    [['my-app', '--package-manager', 'bun'], 'npm create mlx-app@latest my-app -- --package-manager bun'],
  ])('%j is refused with the correct command', async (flags, command) => {
    const { exitCode, stderr, folder } = await create(...flags)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(command)
    expect(readTree(folder)).toEqual({})
  })

  it("does not treat npm's --force as its own", async () => {
    const { exitCode, folder } = await create(
      '.',
      '--force',
      '--',
      '--model',
      'hello',
      '--no-install',
      '--no-git',
    )
    expect(exitCode).toBe(0)
    const again = await execa(
      'npm',
      [
        'exec',
        '--yes',
        '--offline',
        '--force',
        `--package=${tarball}`,
        'create-mlx-app',
        '.',
        '--',
        '--model',
        'hello',
      ],
      { cwd: folder, env: npmEnvironment(), extendEnv: false, reject: false },
    )
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toContain('The folder is not empty')
  })
})
