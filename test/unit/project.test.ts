import { readFileSync } from 'node:fs'
import { satisfies } from 'semver'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type Answers,
  languageOf,
  layersFor,
  packageManagers,
  type TemplateId,
  templates,
} from '../../src/choices.ts'
import { emittedPath } from '../../src/compose/compose.ts'
import { readLayers } from '../../src/compose/layers.ts'
import { fingerprint, recordName } from '../../src/project/record.ts'
import {
  answers,
  answersWith,
  plan,
  released,
  textOf,
  typescriptTemplates,
  vendored,
  version,
} from './plans.ts'

const dependenciesSchema = z.record(z.string(), z.string()).optional()
const manifestSchema = z.object({
  dependencies: dependenciesSchema,
  devDependencies: dependenciesSchema,
  resolutions: dependenciesSchema,
})
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      dependencies: dependenciesSchema,
      link: z.boolean().optional(),
      resolved: z.string().optional(),
    }),
  ),
})

const repository = new URL('../../', import.meta.url)

/** By path; Vitest takes seconds for the bytes themselves. */
const hashesOf = (files: Iterable<readonly [string, Uint8Array]>) =>
  Object.fromEntries(Array.from(files, ([path, bytes]) => [path, fingerprint(bytes)]))
const json = (text: string): unknown => JSON.parse(text)

/** How many files a project may have, without `vendor/`, lock files, features, and the chat page of a desktop app. */
const mostFiles: Readonly<Record<TemplateId, number>> = { node: 50, server: 40, python: 40, desktop: 60 }

describe.each(templates.map((template) => template.value))('a %s project', async (template) => {
  const files = await plan({ template })
  const verbatim = new Map<string, Uint8Array>()
  for (const layer of await readLayers(vendored, layersFor({ ...answers, template }))) {
    for (const [path, file] of layer.files) {
      if (file instanceof Uint8Array) verbatim.set(emittedPath(path, { pythonPackage: 'my_app' }), file)
    }
  }
  const language = languageOf(template)
  const made = [...files.keys()].filter((path) => !verbatim.has(path) && !/^vendor\/|\.lock$/.test(path))

  it('has these files', () => {
    expect([...files.keys()].join('\n')).toMatchSnapshot()
  })

  // A Python project has no package manager, so all of them give the same.
  it.each(packageManagers.map(({ value }) => value))('is small, with %s', async (packageManager) => {
    const own = [...(await plan({ template, packageManager })).keys()].filter(
      (path) => !/^(vendor|src\/chat-page)\/|\.lock$/.test(path),
    )
    expect(own.length).toBeGreaterThan(15)
    expect(own.length).toBeLessThanOrEqual(mostFiles[template])
    const foreign = language === 'python' ? /node|npm|package\.json|\.[cm]?[jt]sx?$/ : /\.py$|^python\//
    expect(own.filter((path) => foreign.test(path))).toEqual([])
  })

  it('has the files of its layers byte for byte', () => {
    const copied = [...files].filter(([path]) => verbatim.has(path))
    expect(copied.length).toBeGreaterThan(5)
    expect(hashesOf(verbatim)).toMatchObject(hashesOf(copied))
  })

  it.each(made.filter((path) => path !== recordName))('has this %s', (path) => {
    expect(textOf(files, path)).toMatchSnapshot()
  })

  it('records the version, the answers and the hash of every file', () => {
    const others = [...files].filter(([path]) => path !== recordName)
    expect(json(textOf(files, recordName))).toEqual({
      version,
      answers: answersWith({ template }),
      files: hashesOf(others),
    })
  })

  it('is the same each time, and contains no path of this machine', async () => {
    expect(hashesOf(await plan({ template }))).toEqual(hashesOf(files))
    for (const [path, bytes] of files) {
      expect(Buffer.from(bytes).includes(repository.pathname), path).toBe(false)
    }
  })

  it('contains no leftovers of tests and tools from the layers', () => {
    const left = /node_modules|\.venv|__pycache__|_cache\/|__snapshots__|\.pyc$|\.hbs$|part\.json$|_gitignore/
    expect([...files.keys()].filter((path) => left.test(path))).toEqual([])
  })
})

describe('the packages of a project', () => {
  const features = ['python'] as const
  const vendorOf = (files: ReadonlyMap<string, Uint8Array>) =>
    [...files.keys()].filter((path) => path.startsWith('vendor/'))
  const dependenciesOf = (files: ReadonlyMap<string, Uint8Array>) =>
    Object(json(textOf(files, 'package.json'))).dependencies

  it('are files if the build contains them, and only those that the project needs', async () => {
    const node = await plan()
    expect(vendorOf(node)).toEqual(['vendor/mlx-app-1.2.3-0123abcd.tgz'])
    expect(dependenciesOf(node)['mlx-app']).toBe('file:vendor/mlx-app-1.2.3-0123abcd.tgz')
    expect(textOf(node, 'vendor/mlx-app-1.2.3-0123abcd.tgz')).toMatch(/^the bytes of mlx-app-1/)

    const server = await plan({ template: 'server', features })
    expect(vendorOf(server)).toEqual([
      'vendor/mlx-app-1.2.3-0123abcd.tgz',
      'vendor/mlx-app-server-1.2.3-4567abcd.tgz',
      'vendor/mlx_app-1.2.3-py3-none-any.whl',
    ])
    expect(dependenciesOf(server)['mlx-app-server']).toBe('file:vendor/mlx-app-server-1.2.3-4567abcd.tgz')
    expect(textOf(server, 'python/pyproject.toml')).toContain(
      'mlx-app = { path = "../vendor/mlx_app-1.2.3-py3-none-any.whl" }\n',
    )
  })

  it('come from the registry in a release, in the version of the tool', async () => {
    const server = await plan({ template: 'server', features }, released)
    expect(vendorOf(server)).toEqual([])
    expect(dependenciesOf(server)).toMatchObject({ 'mlx-app': version, 'mlx-app-server': version })
    expect(textOf(server, 'python/pyproject.toml')).toContain('"mlx-app==1.2.3"')
    for (const path of ['package.json', 'README.md', 'python/pyproject.toml'])
      expect(textOf(server, path)).not.toContain('vendor')
  })

  it('names a model at a path in requests by its folder', async () => {
    const files = await plan({ template: 'server', model: '/models/my-model' })
    expect(textOf(files, 'README.md')).toContain("{ model: 'my-model', messages }")
    expect(JSON.parse(textOf(files, 'mlx.config.json'))).toMatchObject({ model: '/models/my-model' })
  })

  it.each([
    ['npm', 'npm install --save-exact'],
    ['pnpm', 'pnpm add --save-exact'],
    ['yarn', 'yarn add --exact'],
    ['bun', 'bun add --exact'],
  ] as const)('can be taken from the registry later: %s', async (packageManager, command) => {
    const readme = textOf(await plan({ template: 'server', packageManager, features }), 'README.md')
    expect(readme).toContain(`\`${command} mlx-app@1.2.3 mlx-app-server@1.2.3\``)
  })

  it('are copied into an image before they are installed', async () => {
    const docker = { template: 'server', features: ['docker'] } as const
    const [before, after] = textOf(await plan(docker), 'Dockerfile').split('RUN npm ci\n')
    expect(before).toContain('COPY vendor vendor\n')
    expect(after).toContain('COPY vendor vendor\nRUN npm ci --omit=dev\n')
    expect(textOf(await plan(docker, released), 'Dockerfile')).not.toContain('vendor')
  })
})

describe('a Python project inside it', () => {
  it('has its own package, named after the project', async () => {
    const added = await plan({ name: '@scope/2048-chat', features: ['python'] })
    const plain = await plan({ name: '@scope/2048-chat' })
    expect([...added.keys()].filter((path) => !plain.has(path))).toEqual([
      'python/pyproject.toml',
      'python/src/app_2048_chat/__init__.py',
      'python/src/app_2048_chat/model_size.py',
      'python/tests/test_model_size.py',
      'vendor/mlx_app-1.2.3-py3-none-any.whl',
    ])
    expect(textOf(added, 'python/pyproject.toml')).toMatchSnapshot()
    expect(textOf(added, 'python/tests/test_model_size.py')).toContain(
      'from app_2048_chat.model_size import model_size\n',
    )
    expect(textOf(added, 'README.md')).toContain('## Python')
    expect(Object(json(textOf(added, 'package.json'))).scripts).toHaveProperty('test:python')
  })
})

describe('a Python package', () => {
  const changes = { name: 'json-project', template: 'python', model: 'a/b' } as const

  it('mentions nothing of Node', async () => {
    const files = await plan(changes, released)
    for (const path of files.keys()) {
      expect(textOf(files, path), path).not.toMatch(/\b(node|npm|npx)\b/i)
    }
  })

  it('gets mlx-app from vendor/ if the build contains it', async () => {
    const files = await plan(changes)
    expect([...files.keys()].filter((path) => path.startsWith('vendor/'))).toEqual([
      'vendor/mlx_app-1.2.3-py3-none-any.whl',
    ])
    const project = textOf(files, 'pyproject.toml')
    expect(project).toContain('"mlx-app==1.2.3"')
    expect(project).toContain('mlx-app = { path = "vendor/mlx_app-1.2.3-py3-none-any.whl" }\n')
    expect(textOf(files, 'README.md')).toContain('pip install --find-links vendor .')
  })

  it('gets it from the index in a release', async () => {
    const files = await plan(changes, released)
    expect(textOf(files, 'pyproject.toml')).toContain('"mlx-app==1.2.3"')
    for (const [path] of files) expect(textOf(files, path), path).not.toMatch(/vendor/)
  })

  it('is named after the project, and has its model in one place', async () => {
    const files = await plan(changes)
    expect(textOf(files, 'pyproject.toml')).toContain('name = "json-project"\n')
    expect(textOf(files, 'tests/test_api.py')).toContain('from json_project import ')
    const paths = [...files.keys()].filter((path) => /\.(py|toml|ipynb)$/.test(path))
    expect(paths.filter((path) => textOf(files, path).includes('"a/b"'))).toEqual([
      'src/json_project/model.py',
    ])
  })

  it('pins its model if the revision is known', async () => {
    const file = 'src/json_project/model.py'
    expect(textOf(await plan({ ...changes, revision: 'abc' }), file)).toContain(
      '\nREVISION: str | None = "abc"\n',
    )
    expect(textOf(await plan(changes), file)).toContain('\nREVISION: str | None = None\n')
  })
})

describe('answers', () => {
  const changed = async (changes: Partial<Answers>) => {
    const before = await plan()
    const after = await plan(changes)
    const paths = new Set([...before.keys(), ...after.keys()])
    return [...paths].filter((path) => textOf(before, path) !== textOf(after, path)).sort()
  }

  it('set the name in package.json and the documents', async () => {
    expect(await changed({ name: '@scope/other' })).toEqual([
      recordName,
      'AGENTS.md',
      'README.md',
      'package.json',
    ])
  })

  it('set the model in mlx.config.json, as JSON', async () => {
    const model = 'C:\\models\\"mine"'
    expect(await changed({ model })).toContain('mlx.config.json')
    const config = json(textOf(await plan({ model }), 'mlx.config.json'))
    expect(config).toEqual({ model, device: 'auto' })
  })

  it('pin the model if its revision is known', async () => {
    const revision = '73e3e38d981303bc594367cd910ea6eb48349da8'
    const files = await plan({ model: 'mlx-community/Qwen3-0.6B-4bit', revision })
    expect(textOf(files, 'mlx.config.json')).toContain(`-4bit",\n  "revision": "${revision}",\n  "device"`)
    expect(json(textOf(files, recordName))).toMatchObject({ answers: { revision } })
    expect(textOf(await plan({ model: 'a/b' }), 'mlx.config.json')).not.toContain('revision')
  })

  it('keep the Python of this machine out of every file', async () => {
    expect(await changed({ pythonPath: '/opt/python3' })).toEqual([])
  })

  it('set the author in LICENSE without escaping', async () => {
    expect(textOf(await plan({ author: 'A & B <c>' }), 'LICENSE')).toContain('Copyright (c) A & B <c>\n')
  })

  it('change no file if Python is set up another way', async () => {
    expect(await changed({ env: 'pip' })).toEqual([recordName])
  })

  it.each(packageManagers.map((manager) => manager.value))(
    'add checks on GitHub with %s',
    async (manager) => {
      const files = await plan({ packageManager: manager, features: ['ci'] })
      const plain = await plan({ packageManager: manager })
      const added = [...files.keys()].filter((path) => !plain.has(path))
      expect(added).toEqual([
        '.github/actions/install/action.yml',
        '.github/dependabot.yml',
        '.github/workflows/ci.yml',
      ])
      expect(textOf(files, '.github/actions/install/action.yml')).toMatch(
        new RegExp(`- run: ${manager} (ci|install --(frozen-lockfile|immutable))`),
      )
      expect(textOf(files, '.github/dependabot.yml')).toContain(
        `- package-ecosystem: ${manager === 'bun' ? 'bun' : 'npm'}\n`,
      )
      expect(textOf(files, 'README.md')).toContain('## Checks on GitHub')
      expect(json(textOf(files, recordName))).toMatchObject({ answers: { features: ['ci'] } })
    },
  )

  it.each(packageManagers.map((manager) => manager.value))('use the commands of %s', async (manager) => {
    const files = await plan({ packageManager: manager })
    expect(textOf(files, 'README.md')).toContain(`${manager} install`)
    expect(textOf(files, 'README.md')).toContain(`${manager} run setup`)
    expect(files.has('pnpm-workspace.yaml')).toBe(manager === 'pnpm')
    expect(files.has('.yarnrc.yml')).toBe(manager === 'yarn')
  })
})

describe('users get what this repository checks', () => {
  const host = (path: string): unknown => json(readFileSync(new URL(path, repository), 'utf8'))
  const { packages } = lockSchema.parse(host('package-lock.json'))
  const { packages: desktopPackages } = lockSchema.parse(host('test/desktop/package-lock.json'))
  const lockedAt = (name: string) => {
    const path = `node_modules/${name}`
    const locked = packages[`templates/${path}`] ?? packages[path] ?? desktopPackages[path]
    return locked?.link === true ? packages[locked.resolved ?? ''] : locked
  }

  it('the same TypeScript strictness', async () => {
    // The sources of the packages are in this repository alone.
    const { customConditions: _, ...compilerOptions } = Object(host('tsconfig.base.json')).compilerOptions
    expect(json(textOf(await plan(), 'tsconfig.json'))).toMatchObject({ compilerOptions })
  })

  it('the same linter and formatter', async () => {
    const generated = Object(json(textOf(await plan(), 'biome.json')))
    const checked = Object(host('biome.json'))
    for (const part of ['formatter', 'javascript', 'linter']) expect(generated[part]).toEqual(checked[part])
  })

  it.each(typescriptTemplates)('exactly the versions of the lock, in a $value project', async ({ value }) => {
    const manifest = manifestSchema.parse(json(textOf(await plan({ template: value }), 'package.json')))
    const direct = { ...manifest.dependencies, ...manifest.devDependencies }
    const names = Object.keys(direct)
    expect(names.length).toBeGreaterThan(8)
    const exact = names.filter((name) => !name.startsWith('mlx-app'))
    expect(Object.fromEntries(exact.map((name) => [name, direct[name]]))).toEqual(
      Object.fromEntries(exact.map((name) => [name, lockedAt(name)?.version])),
    )
  })

  /** Whether a version is in a range. Those of the packages in vendor/ are files. */
  const fits = (version: string, range: string) => version.startsWith('file:') || satisfies(version, range)

  // npm, pnpm and Bun take the version that package.json names for every range that it fits; Yarn takes the newest.
  it.each(typescriptTemplates)(
    'the same transitive versions with Yarn, in a $value project',
    async ({ value }) => {
      const files = await plan({ template: value, packageManager: 'yarn' })
      const manifest = manifestSchema.parse(json(textOf(files, 'package.json')))
      const direct: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies }
      const reached = new Set(Object.keys(direct))
      const held: Record<string, string | undefined> = {}
      for (const name of reached) {
        for (const [dependency, range] of Object.entries(lockedAt(name)?.dependencies ?? {})) {
          reached.add(dependency)
          const version = direct[dependency]
          if (version !== undefined && fits(version, range)) held[`${name}/${dependency}`] = version
        }
      }
      expect(held).toHaveProperty(['vitest/vite'], direct.vite)
      expect(manifest.resolutions).toEqual(held)
    },
  )

  it('the same Node', async () => {
    const manifest = Object(json(textOf(await plan(), 'package.json')))
    expect(manifest.engines).toEqual(Object(host('package.json')).engines)
  })
})

it('has the size and the CRC-32 of each file in its record', () => {
  // The check value of CRC-32/ISO-HDLC, https://reveng.sourceforge.io/crc-catalogue/all.htm.
  expect(fingerprint(Buffer.from('123456789'))).toBe('9-cbf43926')
  expect(fingerprint(Buffer.alloc(0))).toBe('0-00000000')
})
