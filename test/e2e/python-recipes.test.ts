/** The recipes in docs/dependencies.md of a Python project: each command runs word for word, in a copy of the project. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeTree } from '../support/folders.ts'
import { startPythonIndex } from '../support/python-index.ts'
import { pythonCommandEnvironment, writePythonProject } from '../support/python-project.ts'
import { ProjectCopy, versionsIn, versionsInUvLock } from '../support/python-project-copy.ts'
import { startVulnerabilityDatabase } from '../support/vulnerability-database.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-recipes-'))
const original = join(folder, 'my-package')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let environment: NodeJS.ProcessEnv
const recipes = new Map<string, string[]>()

beforeAll(async () => {
  environment = await pythonCommandEnvironment()
  await writePythonProject(original)
  const text = readFileSync(join(original, 'docs', 'dependencies.md'), 'utf8')
  for (const section of text.split(/^## /m).slice(1)) {
    const blocks = Array.from(section.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = '']) => block)
    recipes.set(section.slice(0, section.indexOf('\n')), blocks)
  }
})

const useHelpers = 'uv run python -c "import my_helpers; print(my_helpers.hello())"'

interface Recipe {
  /** Runs the blocks of the recipe, and expects what a reader is promised. */
  try(copy: ProjectCopy, blocks: readonly string[]): Promise<void>
  /** Whether the recipe takes so long that it runs with SOAK=1 only. */
  slow?: true
}

const oldProject = (copy: ProjectCopy, files: Record<string, string>) =>
  writeTree(join(copy.place, 'old-project'), files)

const tests: Record<string, Recipe> = {
  'Install exactly what is locked': {
    async try(copy, [sync = '', fromLock = '']) {
      await copy.run('uv venv --quiet && uv pip install --quiet sortedcontainers')
      await copy.run(sync)
      const packages = await copy.installed()
      expect(packages.has('sortedcontainers')).toBe(false)
      expect(packages.get('pytest')).toBe(versionsIn(copy.read('requirements-dev.lock')).get('pytest'))
      await copy.run(fromLock)
      expect(await copy.installed()).toEqual(packages)
      expect(await copy.run('uv run --no-sync my-package ask "Say hello."', { MLX_MODEL: 'hello' })).toMatch(
        /\w/,
      )
    },
  },
  'Add and remove a package': {
    async try(copy, [block = '']) {
      const [add = '', remove = ''] = block.split('\n')
      await copy.run(add)
      expect(copy.read('pyproject.toml')).toContain('"sortedcontainers>=')
      expect((await copy.installed()).has('sortedcontainers')).toBe(true)
      await copy.run(remove)
      expect(copy.read('pyproject.toml')).not.toContain('sortedcontainers')
    },
  },
  'Write the locks for pip again': {
    async try(copy, [block = '']) {
      const names = ['requirements.lock', 'requirements-dev.lock']
      const before = names.map((name) => versionsIn(copy.read(name)))
      await copy.run(block)
      // As created, they already have what uv exports.
      expect(names.map((name) => versionsIn(copy.read(name)))).toEqual(before)
      for (const name of names)
        expect(copy.read(name)).toMatch(/^\.\/vendor\/mlx_app-.* ?\\\n {4}--hash=sha256:/m)
      await copy.run(`uv add --no-sync sortedcontainers\n${block}`)
      expect(versionsIn(copy.read('requirements.lock')).has('sortedcontainers')).toBe(true)
    },
  },
  'Upgrade one package': {
    async try(copy, [block = '']) {
      await copy.run('uv lock --upgrade-package rich==15.0.0')
      // An older version in the lock stands for one that has become outdated.
      await copy.run('uv lock --upgrade-package pygments==2.19.2')
      await copy.run(block.replaceAll('rich', 'pygments'))
      const upgraded = versionsInUvLock(copy.read('uv.lock'))
      expect(upgraded.get('pygments')).not.toBe('2.19.2')
      const others = versionsInUvLock(readFileSync(join(original, 'uv.lock'), 'utf8'))
      expect(upgraded).toEqual(others.set('pygments', upgraded.get('pygments') ?? ''))
    },
  },
  'List what is outdated': {
    async try(copy, [block = '']) {
      await copy.run('uv lock --upgrade-package pydantic==2.14.2')
      expect(await copy.run(block)).toMatch(/pydantic v2\.14\.2 .*\(latest: v2\./)
    },
  },
  'Show the tree': {
    async try(copy, [block = '']) {
      const tree = await copy.run(block)
      expect(tree).toMatch(/^my-package v0\.1\.0\n├── mlx-app v/m)
      expect(tree).toMatch(/^rich v\S+\n.* (mlx-app|typer) v/m)
    },
  },
  'Try a change without making it': {
    async try(copy, [block = '']) {
      const before = copy.read('uv.lock')
      expect(await copy.run(block)).toMatch(/Would install \d+ packages/)
      expect(copy.read('uv.lock')).toBe(before)
      expect(existsSync(join(copy.root, '.venv'))).toBe(false)
    },
  },
  'Slow or unreliable networks': {
    async try(copy, [block = '']) {
      await copy.run(block)
      // uv refuses values of variables that it knows, and ignores other variables.
      for (const [, name = ''] of block.matchAll(/(UV_\w+)=/g)) {
        const [, printed] = await copy.attempt(`${name}=x uv sync`)
        expect(printed).toContain(name)
      }
    },
  },
  'Start again from nothing': {
    async try(copy, [block = '']) {
      await copy.run('uv sync --quiet && uv pip install --quiet sortedcontainers')
      await copy.run(block)
      expect((await copy.installed()).has('sortedcontainers')).toBe(false)
    },
  },
  'The cache': {
    async try(copy, [block = '']) {
      const cache = join(copy.place, 'cache')
      // Others use the cache of this machine.
      const printed = await copy.run(block, { UV_CACHE_DIR: cache })
      expect(printed).toContain(`${cache}\n`)
    },
  },
  'Develop a second package next to this one': {
    async try(copy, [block = '']) {
      await copy.run(block)
      expect(await copy.run(useHelpers)).toContain('Hello from my-helpers!')
      const changed = 'def hello() -> str:\n    return "Changed"\n'
      writeTree(copy.place, { 'my-helpers/src/my_helpers/__init__.py': changed })
      expect(await copy.run(useHelpers)).toContain('Changed')
    },
  },
  'Install from git': {
    async try(copy, [block = '']) {
      await copy.addHelpers()
      await copy.run(block)
      expect(await copy.run(useHelpers)).toContain('Hello from my-helpers!')
      expect(copy.read('uv.lock')).toMatch(/git = "file:\/\/.*my-helpers#[0-9a-f]{40}"/)
    },
  },
  'A private index': {
    async try(copy, [block = '']) {
      await copy.addHelpers()
      const packages = join(copy.place, 'packages')
      mkdirSync(packages)
      await using index = await startPythonIndex(packages)
      await copy.run('uv build --quiet --out-dir dist ../my-helpers')
      await copy.run(`uv publish --publish-url ${index.url} --username a --password b dist/*`)
      // Its files have no date.
      await copy.run(block, { PRIVATE_INDEX: index.simpleUrl, UV_EXCLUDE_NEWER: undefined })
      expect(copy.read('pyproject.toml')).toContain('[[tool.uv.index]]\nname = "private"')
      expect(copy.read('uv.lock')).toContain(`registry = "${index.simpleUrl}"`)
      expect(await copy.run('uv run --no-sync python -c "import my_helpers"')).toBe('')
    },
  },
  'Install without a network': {
    async try(copy, [download = '', install = '']) {
      await copy.run(download)
      const other = new ProjectCopy(original, environment)
      for (const name of ['src', 'pyproject.toml', 'uv.lock'])
        rmSync(join(other.root, name), { recursive: true })
      cpSync(join(copy.root, 'wheels'), join(other.root, 'wheels'), { recursive: true })
      const settings = { UV_CACHE_DIR: join(other.place, 'cache') }
      await other.run(install, settings)
      expect(await other.run('.venv/bin/my-package ask "Say hello."', { MLX_MODEL: 'hello' })).toMatch(/\w/)
    },
  },
  'Known vulnerabilities': {
    async try(copy, [block = '']) {
      const database = await startVulnerabilityDatabase('rich')
      try {
        // The one flag that the recipe doesn't have: tests have no network.
        const [exitCode, printed] = await copy.attempt(`${block.trim()} --service-url ${database.url}`)
        expect(printed).toMatch(/rich \S+ has 1 known vulnerability/)
        expect(exitCode).toBe(1)
      } finally {
        database.close()
      }
    },
  },
  'Without uv': {
    async try(copy, [block = '']) {
      // pip takes half a minute for what uv installs in a second. Another test lets it install everything.
      await copy.run(
        'uv venv --quiet --seed && uv pip install --quiet --require-hashes -r requirements-dev.lock',
      )
      const before = await copy.installed()
      await copy.run(block)
      expect(await copy.installed()).toEqual(before.set('my-package', '0.1.0'))
      expect(await copy.run('.venv/bin/my-package ask "Say hello."', { MLX_MODEL: 'hello' })).toMatch(/\w/)
    },
  },
  'Coming from pip': {
    async try(copy, [block = '']) {
      oldProject(copy, { 'requirements.txt': '# What it needs\nsortedcontainers>=2.4\ntoolz==1.0.0\n' })
      await copy.run(block)
      expect(copy.read('pyproject.toml')).toMatch(/"sortedcontainers>=2\.4",\n {2}"toolz==1\.0\.0",/)
    },
  },
  'Coming from Poetry': {
    slow: true,
    async try(copy, [block = '']) {
      const text = `[tool.poetry]
name = "old-project"
version = "1.0.0"
description = ""
authors = ["Ada <ada@example.org>"]

[tool.poetry.dependencies]
python = "^3.11"
sortedcontainers = "^2.4"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
`
      oldProject(copy, { 'pyproject.toml': text })
      await copy.run(block)
      expect(copy.read('pyproject.toml')).toContain('"sortedcontainers>=2.4,<3"')
    },
  },
  'Coming from conda': {
    slow: true,
    async try(copy, [block = '']) {
      const lines = [
        'python=3.12',
        'pip',
        'sortedcontainers=2.4',
        'conda-forge::toolz>=1.0',
        'pip:',
        '  - six==1.17.0',
      ]
      const text = `name: old\nchannels:\n  - conda-forge\ndependencies:\n${lines.map((line) => (line.startsWith(' ') ? `  ${line}\n` : `  - ${line}\n`)).join('')}`
      oldProject(copy, { 'environment.yml': text })
      await copy.run(block)
      expect(copy.read('requirements.txt').split('\n')).toEqual([
        'sortedcontainers==2.4.*',
        'toolz>=1.0',
        'six==1.17.0',
        '',
      ])
      expect(copy.read('pyproject.toml')).toMatch(
        /"six==1\.17\.0",\n {2}"sortedcontainers==2\.4\.\*",\n {2}"toolz>=1\.0",/,
      )
    },
  },
}

it('every recipe has a test', () => {
  expect([...recipes.keys()]).toEqual(Object.keys(tests))
})

const soak = process.env.SOAK === '1'
for (const [title, recipe] of Object.entries(tests)) {
  it.skipIf(recipe.slow === true && !soak)(title, async () => {
    const copy = new ProjectCopy(original, environment)
    try {
      await recipe.try(copy, recipes.get(title) ?? [])
    } finally {
      rmSync(copy.place, { recursive: true, force: true })
    }
  })
}

it('the first uv sync chooses the versions in the locks, and completes uv.lock', async () => {
  const versions = versionsInUvLock(readFileSync(join(original, 'uv.lock'), 'utf8'))
  const locked = versionsIn(readFileSync(join(original, 'requirements-dev.lock'), 'utf8'))
  expect(locked.size).toBeGreaterThan(50)
  for (const [name, version] of locked) {
    // It has a version for each Python.
    if (name !== 'numpy') expect(versions.get(name), name).toBe(version)
  }
  expect(readFileSync(join(original, 'uv.lock'), 'utf8')).toContain('hash = "sha256:')
})
