/**
 * The settings of projects about the age of versions, on the day of a release: the project's own packages are installed, and no
 * other version that is less than a day old.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packPackages } from '../../scripts/packages.ts'
import { packageManagers } from '../../src/choices.ts'
import { writeTree } from '../support/folders.ts'
import { nodeFolder } from '../support/node-binaries.ts'
import { createSandbox, type PackageManagerSandbox } from '../support/package-manager-sandbox.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'release age '))
const day = 24 * 3600 * 1000
let registry: Registry
afterAll(async () => {
  await registry[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

beforeAll(async () => {
  const tarballs = (await packPackages()).map(({ path }) => path).filter((path) => path.endsWith('.tgz'))
  registry = await startRegistry({ tarballs, kept: false, published: new Date(Date.now() - day / 2) })
})

/** The file with the settings of each package manager, as a template has it. */
const settings = {
  npm: ['npm/_npmrc', '.npmrc'],
  pnpm: ['pnpm/pnpm-workspace.yaml.hbs', 'pnpm-workspace.yaml'],
  yarn: ['yarn/.yarnrc.yml', '.yarnrc.yml'],
  bun: ['bun/bunfig.toml', 'bunfig.toml'],
} as const
const templates = fileURLToPath(new URL('../../templates/package-managers', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

describe.each(packageManagers.map(({ value }) => value))('%s', (manager) => {
  let machine: PackageManagerSandbox
  const [source, name] = settings[manager]
  const text = readFileSync(join(templates, source), 'utf8').replace(/^\{\{.*\n/gm, '')

  beforeAll(async () => {
    machine = await createSandbox(manager, join(folder, manager), registry.url, await nodeFolder('24'))
  })

  /** Installs a project with these settings. */
  async function install(path: string, content: string): Promise<number | undefined> {
    const project = join(folder, manager, path)
    mkdirSync(project)
    const manifest = { name: 'app', private: true, dependencies: { 'mlx-app': version, zod: '4.6.7' } }
    writeTree(project, {
      [name]: content,
      'package.json': JSON.stringify(manifest),
      ...(manager === 'yarn' ? { 'yarn.lock': '' } : {}),
    })
    return (await machine.shell(`${manager} install`, { cwd: project })).exitCode
  }

  test("installs the project's own packages", async () => {
    expect(await install('as it is', text)).toBe(0)
  })

  test('installs no other version of today', async () => {
    expect(await install('without exceptions', text.replaceAll('mlx-app', 'other'))).not.toBe(0)
  })
})
