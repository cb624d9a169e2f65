/** Projects in a monorepo: what its root is told to list, what a member leaves to the root, and what is refused. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readArguments } from '../../src/command-line/arguments.ts'
import { CreateError } from '../../src/errors.ts'
import { findMonorepo } from '../../src/machine/monorepo.ts'
import { type Decision, resolveAnswers } from '../../src/steps/answers.ts'
import type { Prompter } from '../../src/terminal/prompter.ts'
import { changeFile } from '../../src/write/change-file.ts'
import { listedPackages, withBuild, withPackage } from '../../src/write/package-list.ts'
import { temporaryFolder, writeTree } from '../support/folders.ts'
import { plan, textOf, typescriptTemplates } from './plans.ts'

/** Creates the root of a monorepo. */
function monorepo(files: Record<string, string>): string {
  const root = temporaryFolder()
  writeTree(root, files)
  return root
}

const resolve = (root: string, line: string, prompter?: Prompter): Promise<Decision> =>
  resolveAnswers(readArguments(`${line} --model hello`.split(' '), {}), {
    environment: { PATH: '' },
    workingDirectory: root,
    machine: { platform: 'linux', architecture: 'x64', memoryBytes: 16 * 2 ** 30, nodeVersion: '24.1.0' },
    takeDefaults: prompter === undefined,
    prompter: async () => prompter,
    pythonChoices: () => ['uv'],
    findMonorepo,
    userName: async () => undefined,
  })

async function refusal(settling: Promise<unknown>): Promise<CreateError> {
  const reason: unknown = await settling.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (reason instanceof CreateError) return reason
  throw new Error('It was not refused', { cause: reason })
}

const workspaces = (...patterns: string[]) =>
  `${JSON.stringify({ name: 'root', workspaces: patterns }, null, 2)}\n`

/** The root of each package manager, with the packages of `packages`. */
const roots = {
  npm: { 'package.json': workspaces('packages/*'), 'package-lock.json': '{}' },
  pnpm: { 'package.json': '{}', 'pnpm-workspace.yaml': "packages:\n  - 'packages/*'\n" },
  yarn: {
    'package.json': workspaces('packages/*'),
    'yarn.lock': '',
    '.yarnrc.yml': 'nodeLinker: node-modules\n',
  },
  bun: { 'package.json': workspaces('packages/*'), 'bun.lock': '{ "configVersion": 1 }' },
} as const
const managers = ['npm', 'pnpm', 'yarn', 'bun'] as const

describe.each(managers)('in a monorepo of %s', (manager) => {
  const listFile = manager === 'pnpm' ? 'pnpm-workspace.yaml' : 'package.json'
  const listAfter = (root: string, { rootChange }: Decision) =>
    listedPackages(listFile, rootChange?.text ?? readFileSync(join(root, listFile), 'utf8'))

  it('a project in a listed folder is a member, with the package manager of the root', async () => {
    const root = monorepo(roots[manager])
    const decision = await resolve(root, 'packages/app')
    const ownFolder = ['pnpm', 'bun'].includes(manager)
    expect(decision.answers).toMatchObject({
      monorepo: 'member',
      packageManager: manager,
      ...(ownFolder ? {} : { packagesFolder: '../../node_modules' }),
    })
    expect(decision.defaults).toContain('--monorepo member')
    expect(listAfter(root, decision)).toEqual(['packages/*'])
  })

  it('a project in another folder is standalone, and the root stays as it is', async () => {
    const { answers, rootChange } = await resolve(monorepo(roots[manager]), 'apps/one')
    expect(answers).toMatchObject({ monorepo: 'standalone', packageManager: 'npm' })
    expect(rootChange).toBeUndefined()
  })

  it('a chosen member is added to the list', async () => {
    const root = monorepo(roots[manager])
    const decision = await resolve(root, 'apps/one --monorepo member')
    expect(listAfter(root, decision)).toEqual(['packages/*', 'apps/one'])
    expect(decision.rootChange?.what).toContain('"apps/one" is now in its list of packages')
  })

  it('a chosen standalone project is excluded from the list', async () => {
    const root = monorepo(roots[manager])
    const decision = await resolve(root, 'packages/app --monorepo standalone')
    expect(listAfter(root, decision)).toEqual(['packages/*', '!packages/app'])
    writeFileSync(join(root, listFile), decision.rootChange?.text ?? '')
    expect((await resolve(root, 'packages/app')).answers.monorepo).toBe('standalone')
  })

  it('another package manager is refused for a member', async () => {
    const other = manager === 'npm' ? 'pnpm' : 'npm'
    const error = await refusal(resolve(monorepo(roots[manager]), `packages/app --package-manager ${other}`))
    expect(error.message).toContain(`is a monorepo of ${manager}, so its members can't use ${other}.`)
    expect(error.exitCode).toBe(2)
  })

  it.each(typescriptTemplates.map(({ value }) => value))(
    'a member of the template %s has no settings of its own',
    async (template) => {
      const member = await plan({ template, packageManager: manager, monorepo: 'member' })
      for (const path of ['pnpm-workspace.yaml', '.yarnrc.yml', 'yarn.lock', '.npmrc']) {
        expect([...member.keys()]).not.toContain(path)
      }
      expect(textOf(member, 'package.json')).not.toMatch(/resolutions|dependenciesMeta|allowScripts/)
    },
  )
})

describe('the question', () => {
  const asked: string[] = []
  const answering = (role: string): Prompter => ({
    text: async (_, initial) => initial,
    select: async (message, _, initial) => {
      asked.push(message)
      return message.includes('monorepo') ? role : initial
    },
    selectMany: async (_, choices) => {
      asked.push(choices.map(({ value }) => value).join())
      return []
    },
  })

  it('names the root, and its answer wins over the list', async () => {
    const root = monorepo(roots.npm)
    const { answers } = await resolve(root, 'packages/app --template server', answering('standalone'))
    expect(asked).toContain(`Should it be a member of the monorepo in ${root}?`)
    expect(answers.monorepo).toBe('standalone')
  })

  it('is followed by the features that a member can have', async () => {
    await resolve(monorepo(roots.npm), 'packages/app --template server', answering('member'))
    expect(asked.at(-1)).toBe('python')
  })

  it('is not asked elsewhere', async () => {
    const before = asked.length
    await resolve(temporaryFolder(), 'app --template server', answering('member'))
    expect(asked.slice(before).join()).not.toContain('monorepo')
  })
})

describe('what is refused', () => {
  it('a member of no monorepo', async () => {
    const error = await refusal(resolve(temporaryFolder(), 'app --monorepo member'))
    expect(error.message).toBe(
      '--monorepo member needs a monorepo, and none of the folders above is the root of one.',
    )
    expect((await resolve(temporaryFolder(), 'app --monorepo standalone')).answers.monorepo).toBe(
      'standalone',
    )
  })

  it.each(['ci', 'docker'])('--with %s for a member', async (feature) => {
    const error = await refusal(resolve(monorepo(roots.npm), `packages/app --server --with ${feature}`))
    expect(error.message).toContain(`--with ${feature} is for a whole repository`)
    const standalone = `packages/app --server --with ${feature} --monorepo standalone`
    expect((await resolve(monorepo(roots.npm), standalone)).answers.features).toEqual([feature])
  })

  it("a member of a root with Yarn's Plug'n'Play", async () => {
    const root = monorepo({ ...roots.yarn, '.yarnrc.yml': 'enableTelemetry: false\n' })
    const error = await refusal(resolve(root, 'packages/app'))
    expect(error.hints.join('\n')).toContain('nodeLinker: node-modules')
    writeTree(root, { '.yarnrc.yml': 'nodeLinker: node-modules\n' })
    expect((await resolve(root, 'packages/app')).answers.monorepo).toBe('member')
    writeTree(root, { '.yarnrc.yml': '', 'yarn.lock': '# yarn lockfile v1\n' })
    expect((await resolve(root, 'packages/app')).answers.monorepo).toBe('member')
  })

  it('pnpm in a root that only lists its packages for others', async () => {
    const root = monorepo({ 'package.json': workspaces('packages/*') })
    const error = await refusal(resolve(root, 'packages/app --package-manager pnpm'))
    expect(error.message).toContain("(package.json), so its members can't use pnpm.")
    expect((await resolve(root, 'packages/app --package-manager bun')).answers.monorepo).toBe('member')
  })

  it('a list that is written in an unknown way, with the entry to add', async () => {
    const root = monorepo({ 'pnpm-workspace.yaml': 'packages: ["packages/*"]\n' })
    const error = await refusal(resolve(root, 'apps/one --monorepo member'))
    expect(error.hints.join('\n')).toContain('"apps/one"')
    expect(error.exitCode).toBe(1)
  })

  it('--monorepo for a Python project', async () => {
    const error = await refusal(resolve(monorepo(roots.npm), 'packages/app --python --monorepo member'))
    expect(error.message).toContain("can't be combined with --template python")
    expect((await resolve(monorepo(roots.npm), 'packages/app --python')).answers).not.toHaveProperty(
      'monorepo',
    )
  })

  it('a Python project that uv would take for a member of a workspace', async () => {
    const list =
      '[tool.uv.workspace]\nmembers = [\n  "packages/*", # all of them\n]\nexclude = ["packages/old"]\n'
    const root = monorepo({ 'pyproject.toml': list })
    const error = await refusal(resolve(root, 'packages/app --python'))
    expect(error.message).toBe(
      `uv would take ${join(root, 'packages/app')} for a member of the workspace in ${root}.`,
    )
    expect(error.hints[0]).toContain('exclude = ["packages/old", "packages/app"]')
    await refusal(
      resolve(monorepo({ 'pyproject.toml': '[tool.uv.workspace]\nmembers = ["**"]\n' }), 'a --with python'),
    )
    for (const line of ['packages/old --python', 'apps/one --python', 'packages/app'])
      await resolve(root, line)
  })
})

describe('the list of packages', () => {
  it.each([
    ['a line', '{ "workspaces": ["a/*"] }', '{ "workspaces": ["a/*", "b"] }'],
    [
      'lines',
      '{\n\t"workspaces": [\n\t\t"a/*"\n\t]\n}\n',
      '{\n\t"workspaces": [\n\t\t"a/*",\n\t\t"b"\n\t]\n}\n',
    ],
    ['nothing', '{"workspaces":[]}', '{"workspaces":["b"]}'],
    ['an object', '{"workspaces": {"packages": ["a/[x]"]}}', '{"workspaces": {"packages": ["a/[x]", "b"]}}'],
  ])('of package.json gets an entry: %s', (_, before, after) => {
    expect(withPackage('package.json', before, 'b')).toBe(after)
  })

  it.each([
    ["packages:\n  - 'a/*'\n", "packages:\n  - 'a/*'\n  - 'b'\n"],
    ['packages:\n- a/*', "packages:\n- a/*\n- 'b'"],
    [
      '# All.\npackages: # here\n  # first\n  - "a/*" # a\n\n  - c\n\nallowBuilds:\n  x: true\n',
      '# All.\npackages: # here\n  # first\n  - "a/*" # a\n\n  - c\n  - \'b\'\n\nallowBuilds:\n  x: true\n',
    ],
  ])('of pnpm gets an entry: %j', (before, after) => {
    expect(withPackage('pnpm-workspace.yaml', before, 'b')).toBe(after)
  })

  it('of pnpm is read in brackets too, and settings alone are no list', () => {
    expect(listedPackages('pnpm-workspace.yaml', `packages: ['a/*', "b", c]\n`)).toEqual(['a/*', 'b', 'c'])
    expect(listedPackages('pnpm-workspace.yaml', 'allowBuilds:\n  esbuild: true\n')).toBeUndefined()
    expect(listedPackages('package.json', '{"name": "a"}')).toBeUndefined()
    expect(listedPackages('package.json', '{')).toBeUndefined()
  })

  it('keeps line ends of Windows, and reads a file with a byte order mark', () => {
    const text = "packages:\r\n  - 'a'\r\nallowBuilds:\r\n  x: true\r\n"
    expect(withPackage('pnpm-workspace.yaml', text, 'b')).toBe(text.replace("'a'", "'a'\r\n  - 'b'"))
    expect(withBuild(text, 'y', false)).toBe(text.replace('  x', '  y: false\r\n  x'))
    expect(listedPackages('package.json', '\uFEFF{"workspaces":["a"]}')).toEqual(['a'])
  })

  it("keeps the user's decisions about install scripts", () => {
    expect(withBuild("packages:\n  - 'a'\n", 'esbuild', true)).toBe(
      "packages:\n  - 'a'\nallowBuilds:\n  esbuild: true\n",
    )
    expect(withBuild('allowBuilds:\n  other: true\n', 'esbuild', true)).toBe(
      'allowBuilds:\n  esbuild: true\n  other: true\n',
    )
    expect(withBuild('allowBuilds: {}\n', 'esbuild', true)).toBe('allowBuilds: {}\n')
    for (const name of ['esbuild', "'esbuild'"]) {
      const text = `allowBuilds:\n  ${name}: false\n`
      expect(withBuild(text, 'esbuild', true)).toBe(text)
    }
  })
})

it('a root is changed whole, and as it was when it is undone', () => {
  const root = monorepo({ 'package.json': 'before' })
  const path = join(root, 'package.json')
  const undo = changeFile({ path, text: 'after' })
  expect(readFileSync(path, 'utf8')).toBe('after')
  undo()
  expect(readFileSync(path, 'utf8')).toBe('before')
  expect(() => changeFile({ path: join(root, 'absent'), text: '' })).toThrow('Could not change')
})
