/**
 * Projects inside monorepos of each package manager: a member, and one that is kept apart. The repository's own install, lint and
 * tests pass as before, and so do the projects' own.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { packageManagers } from '../../src/choices.ts'
import { hostVersions } from '../../src/compose/source-folder.ts'
import { writeTree } from '../support/folders.ts'
import { answerTo } from '../support/hello.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { createSandbox, type PackageManagerSandbox } from '../support/package-manager-sandbox.ts'
import { sharedPython } from '../support/setup-project.ts'

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'mono repo é '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const versions = hostVersions(fileURLToPath(new URL('../../templates', import.meta.url)))
const version = (name: string) => versions.get(name) ?? ''

/** The files of a repository with one package, whose checks and tests run from the root. */
const repository = (workspaces: object) => ({
  'package.json': JSON.stringify(
    {
      name: 'root',
      private: true,
      type: 'module',
      ...workspaces,
      scripts: { lint: 'biome check .', test: 'vitest run' },
      devDependencies: { '@biomejs/biome': version('@biomejs/biome'), vitest: version('vitest') },
      // Yarn would take the newest version that Vitest allows.
      resolutions: { vite: version('vite') },
    },
    null,
    2,
  ).concat('\n'),
  'biome.json':
    '{ "vcs": { "enabled": true, "clientKind": "git", "useIgnoreFile": true }, "formatter": { "enabled": false } }\n',
  '.gitignore': 'node_modules/\n.yarn/\n',
  'packages/lib/package.json': '{ "name": "lib", "version": "1.0.0", "type": "module" }\n',
  'packages/lib/sum.test.js':
    "import { expect, test } from 'vitest';\n\ntest('1 + 1', () => expect(1 + 1).toBe(2));\n",
})

const listed = { workspaces: ['packages/*'] }
const roots = {
  npm: repository(listed),
  pnpm: {
    ...repository({}),
    'pnpm-workspace.yaml': 'packages:\n  - "packages/*"\noverrides:\n  vite: '.concat(version('vite'), '\n'),
  },
  yarn: { ...repository(listed), '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' },
  bun: { ...repository(listed), 'bunfig.toml': '[install]\nsaveTextLockfile = true\n' },
}

const managers = packageManagers.map(({ value }) => value)

describe.each(managers)('a monorepo of %s', (manager) => {
  const root = join(folder, manager, 'repository')
  let machine: PackageManagerSandbox

  /** Runs a command line that must succeed, and returns what it printed. */
  async function works(line: string, cwd = root): Promise<string> {
    const ran = await machine.shell(line, { cwd, env: { MLX_PYTHON: sharedPython, NO_COLOR: '1' } })
    expect(ran.exitCode, `${line}\n${ran.all}`).toBe(0)
    return ran.all
  }

  const create = (path: string, role = '') => {
    const separator = manager === 'npm' ? '-- ' : ''
    return works(
      `${manager} create mlx-app@latest ${path} ${separator}--yes --template node --model hello ${role}`,
    )
  }

  /** Expects a project to pass its own checks, and to answer. */
  async function passes(path: string): Promise<void> {
    const project = join(root, path)
    for (const script of ['lint', 'typecheck', 'build']) await works(`${manager} run ${script}`, project)
    const answer = await works('node dist/main.js "Who are you?"', project)
    expect(answer).toContain(answerTo('Who are you?'))
  }

  beforeAll(async () => {
    const node = await nodeFolder('24')
    mkdirSync(root, { recursive: true })
    machine = await createSandbox(manager, join(folder, manager), inject('registry'), node)
    writeTree(root, roots[manager])
    await works('git init --quiet')
    await works(`${manager} install`)
  })

  test('has a member in a listed folder, which the root installs', async () => {
    const printed = await create('packages/app')
    expect(printed).toContain('--monorepo member')
    expect(printed).toContain('No git repository was created: the project belongs to the monorepo.')
    const manifest = readFileSync(join(root, 'package.json'), 'utf8')
    expect(manifest).toBe(roots[manager]['package.json'])
    for (const own of ['package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'pnpm-workspace.yaml'])
      expect(existsSync(join(root, 'packages/app', own)), own).toBe(false)
    await passes('packages/app')
  })

  test('has a project of its own in a listed folder, and a member in another one', async () => {
    const apart = await create('packages/apart', '--monorepo standalone')
    expect(apart).toContain('"!packages/apart" is now in its list of packages')
    await passes('packages/apart')
    const member = await create('apps/one', '--monorepo member')
    expect(member).toContain('"apps/one" is now in its list of packages')
    await passes('apps/one')
  })

  test('links of the README of a member lead to its packages', async () => {
    const readme = readFileSync(join(root, 'packages/app/README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\(([^)]*node_modules[^)]*)\)/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(3)
    for (const link of links) expect(existsSync(join(root, 'packages/app', link)), link).toBe(true)
  })

  test('installs, checks and tests as before', async () => {
    await works(`${manager} install`)
    expect(await works(`${manager} run lint`)).toMatch(/Checked \d+ files/)
    const tests = await works(`${manager} run test`)
    expect(tests).toMatch(/Test Files +1 passed/)
  })
})
