/** What publishes the packages: the workflows, what their checkers say, each command that they run, and what they publish. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { packPackages } from '../../scripts/packages.ts'
import { findProblems } from '../../scripts/publish/checks.ts'
import { expectedOfReleasedTool } from '../../scripts/publish/expected.ts'
import { unpack, unpackWheel } from '../../scripts/publish/unpack.ts'
import { version } from '../../src/version.ts'
import { temporaryFolder } from '../support/folders.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { startPublishRegistry } from '../support/publish-registry.ts'
import { startPythonIndex, uploadPython } from '../support/python-index.ts'
import { runTool } from '../support/tool.ts'
import {
  commandsOf,
  expectPinned,
  expectSafe,
  filesEnding,
  lintWorkflow,
  readIn,
} from '../support/workflows.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = readIn(root)
const workflows = ['.github/workflows/ci.yml', '.github/workflows/release.yml']
const newVersion = '9.8.7'
const environment = { GITHUB_REF_NAME: `v${newVersion}`, GITHUB_REPOSITORY: 'ada/create-mlx-app' }

describe('the workflows', () => {
  it.each(workflows)('actionlint finds no error in %s, and detects an inserted one', (path) => {
    expect(lintWorkflow(read(path), path)).toEqual([])
    expect(lintWorkflow(read(path).replace('runs-on:', 'run-on:'), path)).not.toEqual([])
  })

  it('zizmor finds nothing unsafe in them and in the updates', async () => {
    const folder = temporaryFolder('workflows')
    cpSync(join(root, '.github'), join(folder, '.github'), { recursive: true })
    await expectSafe(folder, [...workflows, '.github/dependabot.yml'])
  })

  it('pin each action to a commit, the same one as in created projects', () => {
    const ours = workflows.flatMap((path) => expectPinned(read(path)))
    const given = filesEnding(join(root, 'templates/features/ci'), '.yml').flatMap((path) =>
      expectPinned(read(`templates/features/ci/${path}`)),
    )
    const pins = new Map([...ours, ...given].map((pin) => [pin.split('@')[0], pin]))
    expect(new Set([...ours, ...given])).toEqual(new Set(pins.values()))
  })

  it('get updates for actions wherever one is pinned', () => {
    const updates = read('.github/dependabot.yml')
    for (const path of filesEnding(join(root, 'templates/features/ci'), '.yml')) {
      expect(updates).toContain(
        `      - /templates/features/ci/${path.slice(0, -basename(path).length - 1)}\n`,
      )
    }
  })
})

/** How each command of the workflows is tried. */
const tried: Readonly<Record<string, 'by .ci/run' | 'below' | `nowhere: it needs ${string}`>> = {
  'npm ci': 'by .ci/run',
  'npm run lint': 'by .ci/run',
  'npm run typecheck': 'by .ci/run',
  'npm run protocol -- --check': 'by .ci/run',
  'npm run check:package': 'by .ci/run',
  'npm test': 'by .ci/run',
  '.ci/unchanged': 'by .ci/run',
  'brew install caddy prometheus': 'nowhere: it needs macOS',
  'sudo sysctl --write kernel.apparmor_restrict_unprivileged_userns=0': 'nowhere: it needs Ubuntu',
  'npm run release -- check "$GITHUB_REF_NAME"': 'below',
  'npm run release -- pack "$GITHUB_REF_NAME" --repository "$GITHUB_REPOSITORY" --output release': 'below',
  'node scripts/publish/compare-index.ts release/python https://pypi.org/simple/': 'below',
  'node scripts/publish/publish.ts release': 'below',
  'gh release view "$GITHUB_REF_NAME" || gh release create "$GITHUB_REF_NAME" --verify-tag --title "$GITHUB_REF_NAME" --notes-file release/notes.md release/*.tgz release/python/*':
    'below',
}

describe('a release', () => {
  let copy = ''
  /** Folder of a program `node`. */
  let node = ''
  const commands = commandsOf(read('.github/workflows/release.yml'))
  /** Runs the one command of the workflow that begins so, in the copy, as a step does. */
  const step = (beginning: string, more = '', variables: NodeJS.ProcessEnv = {}) => {
    const command = commands.find((line) => line.startsWith(beginning))
    if (command === undefined) throw new Error(`release.yml has no command ${beginning}`)
    return execa('bash', ['-e', '-c', `${command} ${more}`], {
      cwd: copy,
      env: { ...environment, ...variables },
      reject: false,
    })
  }

  /** Settings of npm by which it may publish to a registry. */
  const access = (url: string) => {
    const settings = join(temporaryFolder('settings'), 'npmrc')
    writeFileSync(settings, `${url.slice('http:'.length)}:_authToken=x\n`)
    // In small letters, as npm and the tests themselves set them: of two spellings npm takes either.
    return {
      npm_config_userconfig: settings,
      npm_config_cache: temporaryFolder('cache'),
      npm_config_registry: url,
      npm_config_fetch_retries: '0',
      // The Node of the workflow, which runs TypeScript.
      PATH: [node, process.env.PATH].join(delimiter),
    }
  }
  /** Publishes the release to a registry. Provenance is signed by GitHub's key, which is not there. */
  const publish = (url: string) => step('node scripts/publish/publish.ts', '--provenance=false', access(url))
  const pathOf = (name: string) => join(copy, 'release', name)

  beforeAll(async () => {
    node = await nodeFolder('24')
    copy = mkdtempSync(join(tmpdir(), 'create-mlx-app-release-'))
    const left = /^(node_modules|\.git|\.venv.*|\.mlx|dist|\.cache|\..*_cache)$/
    cpSync(root, copy, { recursive: true, filter: (path) => path === root || !left.test(basename(path)) })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  it('is refused if a version differs from its tag', async () => {
    const { exitCode, stderr } = await step('npm run release -- check')
    expect(stderr).toContain(`✗ The tag is v${newVersion}, but these versions differ:\n`)
    for (const place of [
      'package.json',
      'packages/engine/package.json',
      'packages/engine/python/pyproject.toml',
    ])
      expect(`${stderr}\n`).toContain(`  ${version}  ${place}\n`)
    expect(exitCode).toBe(1)
  })

  it('is prepared by one command', async () => {
    writeFileSync(join(copy, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A page.\n')
    const prepare = ['run', '-s', 'release', '--', 'prepare', newVersion]
    const { stdout } = await execa('npm', prepare, { cwd: copy })
    expect(stdout).toBe(
      `Commit the changes, then run: git tag v${newVersion} && git push origin main v${newVersion}`,
    )
    const today = new Date().toISOString().slice(0, 10)
    expect(readFileSync(join(copy, 'CHANGELOG.md'), 'utf8')).toBe(
      `# Changelog\n\n## [Unreleased]\n\n## [${newVersion}] - ${today}\n\n### Added\n\n- A page.\n`,
    )
    const checked = await step('npm run release -- check')
    expect(checked.stdout).toContain(`v${newVersion}:\n\n### Added\n\n- A page.`)
    expect(checked.exitCode).toBe(0)
  })

  it('is refused without changes to release or with an invalid version', async () => {
    for (const [version, complaint] of [
      ['9.9.0', '✗ CHANGELOG.md has nothing below "## [Unreleased]"'],
      ['9.9.0-rc.1', '✗ CHANGELOG.md has nothing below "## [Unreleased]"'],
      ['next', '✗ "next" is not a version such as 1.2.3 or 1.2.3-rc.1'],
    ] as const) {
      const prepare = ['run', '-s', 'release', '--', 'prepare', version]
      const { stderr, exitCode } = await execa('npm', prepare, { cwd: copy, reject: false })
      expect(stderr).toContain(complaint)
      expect(exitCode).toBe(1)
    }
  })

  it('is packed with the address of the repository that publishes it', async () => {
    const { exitCode, stderr } = await step('npm run release -- pack')
    expect(exitCode, stderr).toBe(0)
    expect(readFileSync(pathOf('notes.md'), 'utf8')).toBe('### Added\n\n- A page.\n')
    const page = 'https://github.com/ada/create-mlx-app'
    for (const [name, folder] of [
      ['mlx-app', 'packages/engine'],
      ['mlx-app-server', 'packages/server'],
      ['create-mlx-app', undefined],
    ] as const) {
      const manifest: unknown = JSON.parse(await textIn(pathOf(`${name}.tgz`), 'package.json'))
      expect(manifest).toMatchObject({
        name,
        version: newVersion,
        license: 'MIT',
        repository: { type: 'git', url: `git+${page}.git`, ...(folder && { directory: folder }) },
        homepage: folder === undefined ? `${page}#readme` : `${page}/tree/main/${folder}#readme`,
        bugs: { url: `${page}/issues` },
        publishConfig: { access: 'public', provenance: true },
      })
      for (const key of ['private', 'scripts', 'devDependencies', 'workspaces'])
        expect(manifest).not.toHaveProperty(key)
    }
    const server: unknown = JSON.parse(await textIn(pathOf('mlx-app-server.tgz'), 'package.json'))
    expect(server).toMatchObject({ peerDependencies: { 'mlx-app': newVersion } })
  })

  it('has the wheel that mlx-app contains, and a source distribution', async () => {
    const wheel = `mlx_app-${newVersion}-py3-none-any.whl`
    expect(readdirSync(pathOf('python')).sort()).toEqual([wheel, `mlx_app-${newVersion}.tar.gz`])
    const folder = temporaryFolder('unpacked')
    await unpack(pathOf('mlx-app.tgz'), folder)
    const bytes = readFileSync(pathOf(`python/${wheel}`))
    expect(readFileSync(join(folder, 'python', wheel)).equals(bytes)).toBe(true)
    expect(readFileSync(join(folder, 'dist', 'release.js'), 'utf8')).toContain(
      createHash('sha256').update(bytes).digest('hex'),
    )
  })

  it('has a Python package that names the repository', async () => {
    const folder = temporaryFolder('unpacked')
    await unpackWheel(pathOf(`python/mlx_app-${newVersion}-py3-none-any.whl`), folder)
    const metadata = readFileSync(join(folder, `mlx_app-${newVersion}.dist-info`, 'METADATA'), 'utf8')
    const page = 'https://github.com/ada/create-mlx-app'
    expect(metadata.match(/^Project-URL: .*$/gm)).toEqual([
      `Project-URL: Homepage, ${page}#readme`,
      `Project-URL: Documentation, ${page}/tree/main/packages/engine/docs`,
      `Project-URL: Source, ${page}`,
      `Project-URL: Issues, ${page}/issues`,
      `Project-URL: Changelog, ${page}/blob/main/CHANGELOG.md`,
    ])
  })

  it('has a Python package that is uploaded once, and refused if an index has other bytes', async () => {
    await using index = await startPythonIndex(temporaryFolder('index'))
    const node24 = { PATH: [node, process.env.PATH].join(delimiter) }
    /** Runs the command of the workflow with the local index. */
    const compare = () => {
      const command = commands.find((line) => line.startsWith('node scripts/publish/compare-index.ts')) ?? ''
      const words = command.replace('https://pypi.org/simple/', index.simpleUrl).split(' ').slice(1)
      return execa('node', words, { cwd: copy, env: node24, reject: false })
    }
    const names = [`mlx_app-${newVersion}-py3-none-any.whl`, `mlx_app-${newVersion}.tar.gz`]
    const report = (what: string) => names.map((name) => `${name}: ${index.simpleUrl} ${what}`).join('\n')
    expect((await compare()).stdout).toBe(report('does not have it yet'))
    await uploadPython(index, [pathOf(`python/${names[0]}`)])
    const resumed = await compare()
    expect(resumed.stdout.split('\n')).toEqual([
      `${names[0]}: ${index.simpleUrl} already has it, with the same bytes`,
      `${names[1]}: ${index.simpleUrl} does not have it yet`,
    ])
    await uploadPython(index, [pathOf(`python/${names[1]}`)])
    expect((await compare()).stdout).toBe(report('already has it, with the same bytes'))

    const wheel = pathOf(`python/${names[0]}`)
    const kept = readFileSync(wheel)
    writeFileSync(wheel, Buffer.concat([kept, Buffer.from(' ')]))
    const refused = await compare()
    writeFileSync(wheel, kept)
    expect(refused.stderr).toContain(`✗ ${names[0]} on ${index.simpleUrl} differs.`)
    expect(refused.exitCode).toBe(1)
    expect((await compare()).exitCode).toBe(0)
  })

  it('has a tool whose projects get the packages of its version from the registry', async () => {
    const folder = temporaryFolder('unpacked')
    await unpack(pathOf('create-mlx-app.tgz'), folder)
    const parent = temporaryFolder('projects')
    const flags = ['app', '--yes', '--template', 'server', '--no-install', '--no-git']
    const { exitCode, stderr } = await runTool(join(folder, 'dist', 'index.js'), flags, { cwd: parent })
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(readFileSync(join(parent, 'app', 'package.json'), 'utf8'))).toMatchObject({
      dependencies: { 'mlx-app': newVersion, 'mlx-app-server': newVersion },
    })
    expect(readdirSync(join(parent, 'app'))).not.toContain('vendor')
  })

  it('has a tool without problems, and the check detects inserted ones', async () => {
    const folder = temporaryFolder('unpacked')
    await unpack(pathOf('create-mlx-app.tgz'), folder)
    const expected = expectedOfReleasedTool()
    expect(await findProblems(folder, expected)).toEqual([])
    chmodSync(join(folder, 'dist', 'index.js'), 0o644)
    rmSync(join(folder, 'LICENSE'))
    mkdirSync(join(folder, 'test'))
    writeFileSync(join(folder, 'test', 'x.ts'), `// ${root}`)
    writeFileSync(join(folder, 'README.md'), `Made in ${root}\n`)
    const { repository: _, ...manifest } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ ...manifest, private: true, dependencies: { prompts: '^2.4.2' } }),
    )
    const problems = await findProblems(folder, expected)
    const names = `contains ${root.slice(0, -1)}`
    expect(problems.filter((problem) => problem.endsWith(names)).sort()).toEqual([
      `README.md ${names}`,
      `test/x.ts ${names}`,
    ])
    expect(problems.filter((problem) => !problem.endsWith(names))).toEqual([
      'LICENSE is missing',
      'test/x.ts does not belong in it',
      'package.json has no repository',
      'package.json has private, which does not belong in it',
      'package.json has dependencies, which does not belong in it',
      'dist/index.js is not executable',
    ])
  })

  it('is published as it was packed, in order, and resumes after a failure', async () => {
    await using registry = await startPublishRegistry()
    registry.refused = 'mlx-app-server'
    const broken = await publish(registry.url)
    expect(broken.stdout).toContain(`Published mlx-app ${newVersion}`)
    expect(broken.stderr).toContain(`✗ Could not publish mlx-app-server ${newVersion}. Run this again`)
    expect(broken.exitCode).toBe(1)
    expect([...registry.packages.keys()]).toEqual(['mlx-app'])

    registry.refused = undefined
    const resumed = await publish(registry.url)
    expect(resumed.exitCode, resumed.stderr).toBe(0)
    const skipped = (name: string) => `Skipped ${name} ${newVersion}: npm already has it, with the same bytes`
    expect(resumed.stdout).toContain(skipped('mlx-app'))
    expect([...registry.packages.keys()]).toEqual(['mlx-app', 'mlx-app-server', 'create-mlx-app'])
    for (const [name, { access, bytes }] of registry.packages) {
      expect(access).toBe('public')
      expect(bytes.equals(readFileSync(pathOf(`${name}.tgz`))), name).toBe(true)
    }

    const again = await publish(registry.url)
    expect(again.exitCode, again.stderr).toBe(0)
    expect(again.stdout).toBe([...registry.packages.keys()].map(skipped).join('\n'))
  })

  it('is not published if npm has the version with other bytes', async () => {
    await using registry = await startPublishRegistry()
    registry.packages.set('create-mlx-app', {
      version: newVersion,
      access: 'public',
      bytes: Buffer.from('other'),
    })
    const { exitCode, stderr } = await publish(registry.url)
    expect(stderr).toContain(`✗ create-mlx-app ${newVersion} on npm differs from create-mlx-app.tgz.`)
    expect(exitCode).toBe(1)
    expect([...registry.packages.keys()]).toEqual(['create-mlx-app'])
  })

  it('is not published if npm cannot be reached', async () => {
    const { exitCode, stderr } = await publish('http://127.0.0.1:1/')
    expect(stderr).toContain(`✗ Could not find out whether npm has mlx-app ${newVersion}:\n`)
    expect(exitCode).toBe(1)
  })

  it('is refused by the script and by npm if the tool contains its packages', async () => {
    await using registry = await startPublishRegistry()
    const released = pathOf('create-mlx-app.tgz')
    const kept = readFileSync(released)
    const carrying = inject('tarball')
    cpSync(carrying, released)
    const { exitCode, stderr } = await publish(registry.url)
    writeFileSync(released, kept)
    expect(stderr).toContain(`✗ ${released} is a build from a checkout, which includes its packages.`)
    expect(exitCode).toBe(1)
    const packages = (await packPackages()).filter(({ name }) => name !== 'wheel').map(({ path }) => path)
    for (const tarball of [carrying, ...packages]) {
      const refused = await execa('npm', ['publish', tarball, '--ignore-scripts'], {
        env: access(registry.url),
        reject: false,
      })
      expect(refused.stderr).toContain('EPRIVATE')
      expect(refused.exitCode).not.toBe(0)
    }
    expect(registry.packages.size).toBe(0)
  })

  it('requires provenance, which is not available outside of CI', async () => {
    await using registry = await startPublishRegistry()
    const noWorkflow = { CI: '', GITHUB_ACTIONS: '' }
    const { exitCode, stderr } = await step('node scripts/publish/publish.ts', '', {
      ...access(registry.url),
      ...noWorkflow,
    })
    expect(stderr).toContain('Automatic provenance generation not supported')
    expect(exitCode).not.toBe(0)
    expect(registry.packages.size).toBe(0)
  })

  it('is announced once, with its notes and all its files', async () => {
    const programs = temporaryFolder('programs')
    const announced = join(programs, 'announced')
    writeFileSync(
      join(programs, 'gh'),
      `#!/bin/sh\nif [ "$2" = view ]; then exec test -f "${announced}"; fi\nprintf "%s\\n" "$@" >> "${announced}"\n`,
    )
    chmodSync(join(programs, 'gh'), 0o755)
    for (const _ of ['', 'again']) {
      const { exitCode } = await step('gh release view', '', { PATH: `${programs}:${process.env.PATH}` })
      expect(exitCode).toBe(0)
    }
    const [, , tag, ...rest] = readFileSync(announced, 'utf8').trimEnd().split('\n')
    expect(tag).toBe(`v${newVersion}`)
    const files = rest.filter((word) => word.startsWith('release/'))
    expect(files).toEqual([
      'release/notes.md',
      'release/create-mlx-app.tgz',
      'release/mlx-app-server.tgz',
      'release/mlx-app.tgz',
      `release/python/mlx_app-${newVersion}-py3-none-any.whl`,
      `release/python/mlx_app-${newVersion}.tar.gz`,
    ])
    for (const path of files) expect(readFileSync(join(copy, path)).length).toBeGreaterThan(0)
  })

  it('runs only commands that are tested somewhere, as do the checks', () => {
    const all = workflows.flatMap((path) => commandsOf(read(path)))
    expect(Object.keys(tried).sort()).toEqual([...new Set(all)].sort())
    const run = read('.ci/run')
    for (const [command, how] of Object.entries(tried)) {
      const [, script] = /^npm run (.+)$/.exec(command) ?? []
      if (how === 'by .ci/run') expect(run).toContain(script ?? command.replace('npm ci', 'npm install'))
    }
  })
})

/** The text of a file in a package. */
async function textIn(tarball: string, path: string): Promise<string> {
  const { stdout } = await execa('tar', ['-xzOf', tarball, `package/${path}`])
  return stdout
}
