/**
 * A project keeps to the versions that were tested, with every package manager, where the registry has newer ones within all
 * ranges: those here fail wherever they are used, and their optional dependency is nowhere to be had.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inc } from 'semver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { packageManagers, type TemplateId, templates } from '../../src/choices.ts'
import { hostVersions } from '../../src/compose/source-folder.ts'
import { lockFiles } from '../../src/package-manager.ts'
import { writeComposed } from '../support/composed.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { createSandbox, type PackageManagerSandbox } from '../support/package-manager-sandbox.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx newer é '))
const versions = hostVersions(fileURLToPath(new URL('../../templates', import.meta.url)))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Templates with the same packages. What only others name is not kept to a version. */
const kinds = [
  { kind: 'programs', names: ['node', 'server'] },
  { kind: 'desktop apps', names: ['desktop'] },
] as const satisfies { kind: string; names: TemplateId[] }[]

const combinations = packageManagers.flatMap(({ value: manager }) =>
  kinds.map((kind) => ({ ...kind, manager })),
)

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
})

/** A newer version of each package that a project names. No package has such a patch by itself. */
function brokenFor(project: string): [name: string, version: string][] {
  const { dependencies, devDependencies } = manifestSchema.parse(
    JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')),
  )
  return Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => {
    const version = versions.get(name)
    return version === undefined ? [] : [[name, `${inc(version, 'patch')}0099`]]
  })
}

test('every template in TypeScript is covered', () => {
  const typescript = templates.filter(({ language }) => language === 'typescript')
  expect(kinds.flatMap(({ names }): string[] => [...names])).toEqual(typescript.map(({ value }) => value))
})

/** What each package manager calls an install that writes its lock file alone. */
const lockOnly = {
  npm: 'npm install --package-lock-only',
  pnpm: 'pnpm install --lockfile-only',
  yarn: 'yarn install --mode=update-lockfile',
  bun: 'bun install --lockfile-only',
}

describe.each(combinations)('$kind with $manager', ({ kind, names, manager }) => {
  const home = join(folder, `${manager} ${kind}`)
  let registry: Registry | undefined
  let machine: PackageManagerSandbox

  beforeAll(async () => {
    mkdirSync(home)
    const projects = names.map((template) => ({ template, project: join(home, template) }))
    for (const { template, project } of projects)
      await writeComposed(project, { packageManager: manager, template })
    const broken = new Map(projects.flatMap(({ project }) => brokenFor(project)))
    expect(broken.size).toBeGreaterThan(5)
    registry = await startRegistry({ tarballs: [], broken })
    // The newest npm runs on newer versions of Node alone.
    machine = await createSandbox(
      manager,
      home,
      registry.url,
      manager === 'npm' ? await nodeFolder('24') : undefined,
    )
  })
  afterAll(async () => await registry?.[Symbol.asyncDispose]())

  /** The lock file, after a command line in the project. */
  async function lockAfter(line: string, project: string): Promise<string> {
    const ran = await machine.shell(line, { cwd: project })
    expect(ran.exitCode, ran.all).toBe(0)
    const lock = lockFiles(manager).find((name) => /lock/.test(name) && existsSync(join(project, name)))
    return readFileSync(join(project, lock ?? 'no lock file'), 'utf8')
  }

  test.each(names)('a %s project is locked to the tested versions', async (template) => {
    const lock = await lockAfter(lockOnly[manager], join(home, template))
    expect(lock).toContain(versions.get('vite'))
    expect(lock).not.toMatch(/\.\d+0099\b/)
  })

  test.runIf(kind === 'programs')(
    'a project that was not installed when it was created works after a plain install',
    async () => {
      const project = join(home, 'node')
      for (const name of lockFiles(manager)) {
        if (/lock/.test(name)) rmSync(join(project, name), { force: true })
      }
      expect(await lockAfter(`${manager} install`, project)).not.toMatch(/\.\d+0099\b/)
      const ran = await machine.shell(`${manager} run typecheck`, { cwd: project })
      expect(ran.exitCode, ran.all).toBe(0)
    },
  )
})
