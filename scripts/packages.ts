/**
 * Builds and packs what is published beside the tool: the wheel with the Python code, the npm packages mlx-app and
 * mlx-app-server. Done once for the sources as they are; what was made is kept in node_modules/.cache.
 */
import { createHash, randomUUID } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { lockHash, lockSetNames, parseLockSet } from '../packages/engine/src/setup/plan/locks.ts'
import { withProcessLock } from '../packages/engine/src/setup/process/process-lock.ts'
import { pageModule } from '../packages/server/scripts/page-module.ts'
import { obtainUv, repository } from './environment.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const packagesDirectory = join(root, 'packages')
const engine = join(packagesDirectory, 'engine')
const server = join(packagesDirectory, 'server')
const chatPage = join(packagesDirectory, 'chat-page')
const pythonProject = join(engine, 'python')
const shelf = join(root, 'node_modules', '.cache', 'create-mlx-app', 'packages')

/** Lock files that are for work on this repository alone. */
const ownLocks = ['requirements-dev.lock']

export const packedNames = ['mlx-app', 'mlx-app-server', 'wheel'] as const
export type PackedName = (typeof packedNames)[number]

export interface PackedPackage {
  name: PackedName
  version: string
  /** Name for a folder `vendor`: package managers keep what they once installed by a name, so that of other bytes differs. */
  file: string
  /** Absolute path. */
  path: string
  /** SHA-256 (hex) of its bytes. */
  sha256: string
}

const packedSchema = z.array(
  z.object({
    name: z.enum(packedNames),
    version: z.string(),
    file: z.string(),
    sha256: z.string(),
  }),
)
const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  bin: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()).default({}),
})
const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional() })),
})

/**
 * Packs the packages, each from a folder of its own beside the sources. They are private, as the tool carries them; for npm
 * `scripts/publish/package.ts` gives them another package.json.
 */
export async function packPackages(): Promise<PackedPackage[]> {
  const folder = join(shelf, hashOfSources())
  const index = join(folder, 'packages.json')
  if (!existsSync(index)) {
    // They are compiled in their own folders, so one process at a time.
    const make = async () => (existsSync(index) ? undefined : await makePackages(folder))
    await withProcessLock(repository, make, (processId) =>
      console.error(`! Waiting for process ${processId}, which packs the packages or sets up Python.`),
    )
  }
  // The folder may have been made by another path, such as that of a repository which has been moved.
  return packedSchema
    .parse(JSON.parse(readFileSync(index, 'utf8')))
    .map((packed) => ({ ...packed, path: join(folder, packed.file) }))
}

async function makePackages(folder: string): Promise<void> {
  const making = `${folder}.${randomUUID()}`
  try {
    const wheel = await buildWheel(join(making, 'wheel'))
    const packages = [
      await packEngine(join(making, 'mlx-app'), wheel),
      await packServer(join(making, 'mlx-app-server')),
      wheel,
    ]
    for (const { path, file } of packages) cpSync(path, join(making, file))
    const index = packages.map(({ path: _, ...packed }) => packed)
    writeFileSync(join(making, 'packages.json'), JSON.stringify(index, null, 2))
    for (const { name } of packages) rmSync(join(making, name), { recursive: true, force: true })
    renameSync(making, folder)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    throw error
  }
}

/** Builds the wheel; uv needs no network for it, and the same sources give the same bytes. */
async function buildWheel(folder: string): Promise<PackedPackage> {
  const uv = await obtainUv()
  await execa(uv, ['build', '--quiet', '--offline', '--wheel', pythonProject, '--out-dir', folder])
  const file = readdirSync(folder).find((name) => name.endsWith('.whl'))
  if (file === undefined) throw new Error(`uv built no wheel in ${folder}`)
  const path = join(folder, file)
  // A wheel's name says what it is: pip and uv compare its hash, where npm would take an older file by the same name.
  return { name: 'wheel', version: versionOf(engine), file, path, sha256: sha256(path) }
}

async function packEngine(staging: string, wheel: PackedPackage): Promise<PackedPackage> {
  await compile(engine)
  stage(engine, staging, ['dist', 'src', 'docs', 'README.md', 'package.json'])
  const python = join(staging, 'python')
  mkdirSync(python)
  cpSync(wheel.path, join(python, wheel.file))
  for (const name of readdirSync(pythonProject)) {
    if (name.endsWith('.lock') && !ownLocks.includes(name))
      cpSync(join(pythonProject, name), join(python, name))
  }
  const sets = lockSetNames.filter((set) => !parseLockSet(set).dev)
  const release = {
    version: wheel.version,
    wheel: { file: wheel.file, sha256: wheel.sha256 },
    locks: Object.fromEntries(sets.map((set) => [set, lockHash(pythonProject, set)])),
  }
  replaceModule(staging, 'release', `export const release = ${JSON.stringify(release, null, 2)}\n`)
  return await pack(staging)
}

async function packServer(staging: string): Promise<PackedPackage> {
  const pageFolder = join(chatPage, 'dist')
  await execa('vite', ['build', '--logLevel', 'warn'], {
    cwd: chatPage,
    preferLocal: true,
    // Vitest sets it to test, which would give the page React's build for development.
    env: { NODE_ENV: 'production' },
  })
  await compile(server)
  stage(server, staging, ['dist', 'src', 'docs', 'README.md', 'package.json'])
  const files = new Map(filesIn(pageFolder).map((path) => [path, readFileSync(join(pageFolder, path))]))
  replaceModule(staging, 'page-files', pageModule(files))
  return await pack(staging)
}

/** Puts what only a build knows in the place of a compiled module, whose map then has no object. */
function replaceModule(staging: string, name: string, text: string): void {
  const path = join(staging, 'dist', `${name}.js`)
  writeFileSync(path, text)
  rmSync(`${path}.map`)
}

/** Compiles a package in its own folder, where the other one finds its types. */
async function compile(folder: string): Promise<void> {
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  await execa('tsc', ['-p', 'tsconfig.build.json'], { cwd: folder, preferLocal: true, localDir: root })
}

function stage(folder: string, staging: string, names: readonly string[]): void {
  mkdirSync(staging, { recursive: true })
  for (const name of names) cpSync(join(folder, name), join(staging, name), { recursive: true })
  cpSync(join(root, 'LICENSE'), join(staging, 'LICENSE'))
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const own = { ...manifest, dependencies: exact(basename(folder), manifest.dependencies) }
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(published(own), null, 2)}\n`)
}

/**
 * The versions of a package's dependencies that were tested: what a project gets with it next month is the same. What the
 * package leaves to the app, its peers, stays a range.
 */
function exact(name: string, dependencies: Readonly<Record<string, string>>): Record<string, string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  const versionOfLocked = (dependency: string): string => {
    const locked =
      packages[`packages/${name}/node_modules/${dependency}`] ?? packages[`node_modules/${dependency}`]
    if (locked?.version === undefined)
      throw new Error(`package-lock.json lacks ${dependency}: run npm install`)
    return locked.version
  }
  return Object.fromEntries(Object.keys(dependencies).map((each) => [each, versionOfLocked(each)]))
}

/** A manifest without what is for this repository alone: the sources by their condition, and what tests need. */
function published(manifest: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(manifest).filter(([key]) => key !== 'devDependencies' && key !== 'scripts')
  return JSON.parse(
    JSON.stringify(Object.fromEntries(kept), (key, value: unknown) =>
      key === 'mlx-app-source' ? undefined : value,
    ),
  )
}

async function pack(staging: string): Promise<PackedPackage> {
  const { name, version, bin } = manifestSchema.parse(
    JSON.parse(readFileSync(join(staging, 'package.json'), 'utf8')),
  )
  for (const path of Object.values(bin)) chmodSync(join(staging, path), 0o755)
  const known = packedNames.find((packed) => packed === name)
  if (known === undefined) throw new Error(`${name} is no package of this repository`)
  const flags = ['pack', '--json', '--ignore-scripts', '--pack-destination', staging]
  const { stdout } = await execa('npm', flags, { cwd: staging })
  const [{ filename }] = z.tuple([z.object({ filename: z.string() })]).parse(JSON.parse(stdout))
  const path = join(staging, filename)
  const hash = sha256(path)
  return { name: known, version, file: `${name}-${version}-${hash.slice(0, 8)}.tgz`, path, sha256: hash }
}

function versionOf(folder: string): string {
  return manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).version
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/** What tests and tools leave behind, and tests themselves: no part of a package. */
const noSource = /^(node_modules|dist|test|tests|\.mlx|\.venv|__pycache__|\..*_cache)$/

/** Changes with every file that the packages are made of. */
function hashOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  for (const path of [
    ...filesIn(packagesDirectory),
    ...['LICENSE', 'package-lock.json', 'tsconfig.base.json'].map((name) => `../${name}`),
  ]) {
    hash.update(`${path}\0`).update(readFileSync(join(packagesDirectory, path)))
  }
  return hash.digest('hex').slice(0, 16)
}

/** Paths of all files below a folder, sorted, relative to it. */
function filesIn(folder: string): string[] {
  const found: string[] = []
  const walk = (below: string): void => {
    for (const name of readdirSync(join(folder, below)).sort()) {
      if (noSource.test(basename(name)) && below !== '') continue
      const path = below === '' ? name : `${below}/${name}`
      if (statSync(join(folder, path)).isDirectory()) walk(path)
      else found.push(path)
    }
  }
  walk('')
  return found
}
