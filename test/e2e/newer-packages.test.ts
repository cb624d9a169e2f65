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
import { packageManagers, templates } from '../../src/choices.ts'
import { hostVersions } from '../../src/compose/source-folder.ts'
import { lockFiles } from '../../src/package-manager.ts'
import { writeComposed } from '../support/composed.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { createSandbox, type PackageManagerSandbox } from '../support/package-manager-sandbox.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'create mlx newer é '))
const versions = hostVersions(fileURLToPath(new URL('../../templates', import.meta.url)))
/** A patch that no package has by itself, so that a lock file shows at once whether it is there. */
const broken = new Map([...versions].map(([name, version]) => [name, brokenAfter(version)]))
let registry: Registry

function brokenAfter(version: string): string {
  return `${inc(version, 'patch')}0099`
}

beforeAll(async () => {
  registry = await startRegistry({ tarballs: [], broken })
})
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** What each package manager calls an install that writes its lock file alone. */
const lockOnly = {
  npm: 'npm install --package-lock-only',
  pnpm: 'pnpm install --lockfile-only',
  yarn: 'yarn install --mode=update-lockfile',
  bun: 'bun install --lockfile-only',
}

describe.each(packageManagers)('with $value', ({ value: manager }) => {
  let machine: PackageManagerSandbox

  beforeAll(async () => {
    const home = join(folder, manager)
    mkdirSync(home)
    // The newest npm runs on newer versions of Node alone.
    machine = await createSandbox(
      manager,
      home,
      registry.url,
      manager === 'npm' ? await nodeFolder('24') : undefined,
    )
  })

  /** The lock file, after a command line in the project. */
  async function lockAfter(line: string, project: string): Promise<string> {
    const ran = await machine.shell(line, { cwd: project })
    expect(ran.exitCode, ran.all).toBe(0)
    const lock = lockFiles(manager).find((name) => /lock/.test(name) && existsSync(join(project, name)))
    return readFileSync(join(project, lock ?? 'no lock file'), 'utf8')
  }

  test.each(templates.filter(({ language }) => language === 'typescript'))(
    'a $value project is locked to the tested versions',
    async ({ value: template }) => {
      const project = join(folder, manager, template)
      await writeComposed(project, { packageManager: manager, template })
      const lock = await lockAfter(lockOnly[manager], project)
      expect(lock).toContain(versions.get('vite'))
      expect(lock).not.toMatch(/\.\d+0099\b/)
    },
  )

  test('a project that was not installed when it was created works after a plain install', async () => {
    const project = join(folder, manager, 'node')
    for (const name of lockFiles(manager)) {
      if (/lock/.test(name)) rmSync(join(project, name), { force: true })
    }
    expect(await lockAfter(`${manager} install`, project)).not.toMatch(/\.\d+0099\b/)
    const ran = await machine.shell(`${manager} run typecheck`, { cwd: project })
    expect(ran.exitCode, ran.all).toBe(0)
  })
})
