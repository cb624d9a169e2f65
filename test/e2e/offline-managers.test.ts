/**
 * Without a network, with the other package managers than npm: in a namespace that has none, with caches that an earlier
 * project filled, and with nothing at all.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureEnvironment } from '../../scripts/environment.ts'
import { quietStartCommand } from '../../src/package-manager.ts'
import { answerTo } from '../support/hello.ts'
import { createNamespace, type Namespace, type Ran } from '../support/namespace.ts'
import { createSandbox, type PackageManagerSandbox } from '../support/package-manager-sandbox.ts'
import { needs } from '../support/programs/needs.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { secondsWithoutWait } from '../support/time-limits.ts'
import { builtTool } from '../support/tool.ts'

const folder = mkdtempSync(join(tmpdir(), 'create-mlx-app-offline-managers-'))
const question = 'Say hello.'

describe.runIf(process.platform === 'linux')('without a network', needs('ip', 'unshare', 'nsenter'), () => {
  let tool: string
  let registry: Registry
  let network: Namespace
  let python: string

  beforeAll(async () => {
    tool = await builtTool()
    registry = await startRegistry({ tarballs: [] })
    network = await createNamespace()
    python = await ensureEnvironment()
  })

  afterAll(async () => {
    await network?.[Symbol.asyncDispose]()
    await registry?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  describe.each(['pnpm', 'yarn', 'bun'] as const)('%s', (manager) => {
    const place = join(folder, manager)
    const project = join(place, 'my app')
    let machine: PackageManagerSandbox
    /** Its lock file, as a network made it. */
    let lock: string
    /** How long the first project took, which had a network. */
    let secondsOnline = 0

    /** The words that create a project in a folder; the Python of this repository saves its setup. */
    const creation = (target: string): string[] => [
      ...['node', tool, target, '--yes', '--model', 'hello', '--no-git', '--package-manager', manager],
      ...['--env', 'existing', '--python-path', python],
    ]
    const run = (command: string[], settings: NodeJS.ProcessEnv = {}, cwd = project): Promise<Ran> =>
      network.run(command, {
        cwd,
        env: { ...machine.environment, CI: 'true', ...settings },
      })

    beforeAll(async () => {
      machine = await createSandbox(manager, place, registry.url)
      // By the same name, so that their lock files are the same.
      const first = join(place, 'first', 'my app')
      const words = creation(first).map((word) => `'${word}'`)
      const started = performance.now()
      const made = await machine.shell(words.join(' '), { cwd: place, env: { CI: 'true' } })
      expect(made.exitCode, made.all).toBe(0)
      secondsOnline = (performance.now() - started) / 1000
      lock = lockOf(first)
      rmSync(first, { recursive: true })
      grownOld(join(place, 'home'))
    })

    it('creates the same project from warm caches, without delay', async () => {
      const created = await run(creation(project), {}, place)
      expect(created.exitCode, created.all).toBe(0)
      expect(created.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
      expect(existsSync(join(project, 'node_modules', 'tsx'))).toBe(true)
      expect(lockOf(project)).toBe(lock)
      for (const name of ['.mlx/yarn-cache', '.yarn/cache'])
        expect(existsSync(join(project, name))).toBe(false)
      const asked = await run([...quietStartCommand(manager), question])
      expect(asked.stdout, asked.stderr).toBe(answerTo(question))
    })

    it('installs again, as the README says', async () => {
      rmSync(join(project, 'node_modules'), { recursive: true })
      if (manager !== 'yarn') rmSync(join(project, manager === 'bun' ? 'bun.lock' : 'pnpm-lock.yaml'))
      const installed = await run([manager, 'install', ...(manager === 'yarn' ? [] : ['--prefer-offline'])])
      expect(installed.exitCode, installed.all).toBe(0)
      expect(installed.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
      expect(lockOf(project)).toBe(lock)
    })

    it('keeps the project if the caches are empty, and says how to continue', async () => {
      const home = join(place, 'empty')
      const target = join(place, 'cold')
      mkdirSync(home)
      writeFileSync(join(home, '.npmrc'), 'registry=http://registry.test/\n')
      writeFileSync(
        join(home, '.yarnrc.yml'),
        'npmRegistryServer: "http://registry.test"\nunsafeHttpWhitelist: ["registry.test"]\nenableTelemetry: false\n',
      )
      const created = await run(creation(target), { HOME: home }, place)
      expect(created.exitCode, created.all).toBe(1)
      const difference = {
        pnpm: '',
        yarn: ", the second time with Yarn's cache only",
        bun: ", the second time with Bun's cache only",
      }[manager]
      expect(created.stderr).toContain(
        `Could not install the packages: exit code 1, twice${difference} (if the network is the cause, see "Proxies, mirrors and offline use" in README.md). The project is in ${target}. To finish, run there: ${manager} install && ${manager} run setup`,
      )
      expect(created.seconds).toBeLessThan(secondsWithoutWait(secondsOnline))
      expect(readFileSync(join(target, 'README.md'), 'utf8')).toContain(
        '\n## Proxies, mirrors and offline use\n',
      )
      expect(existsSync(join(target, '.mlx', 'yarn-cache'))).toBe(false)
    })
  })
})

/** The text of a project's lock file. */
function lockOf(project: string): string {
  const name = readdirSync(project).find((file) => /^(pnpm-lock\.yaml|yarn\.lock|bun\.lock)$/.test(file))
  return readFileSync(join(project, name ?? 'no lock file'), 'utf8')
}

/** Makes what caches know of packages as old as if the first project had been made long ago: it has to be asked for anew. */
function grownOld(home: string): void {
  const long = new Date('2025-01-01')
  const pnpm = join(home, '.cache', 'pnpm')
  const bun = join(home, '.bun', 'install', 'cache')
  for (const path of filesBelow(pnpm)) utimesSync(path, long, long)
  for (const path of filesBelow(bun).filter((name) => name.endsWith('.npm'))) {
    // Until when Bun takes it as new, in seconds: five minutes from now.
    const bytes = readFileSync(path)
    expect(Math.abs(bytes.readUInt32LE(96) - Date.now() / 1000), path).toBeLessThan(600)
    bytes.writeUInt32LE(long.getTime() / 1000, 96)
    writeFileSync(path, bytes)
  }
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
