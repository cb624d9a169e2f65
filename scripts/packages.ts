/**
 * Builds and packs the packages that are published with the tool: the wheel, mlx-app and mlx-app-server. The result is cached in
 * node_modules/.cache until the sources change.
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
import { createPageModule } from '../packages/server/scripts/page-module.ts'
import { buildChatPage } from './chat-page.ts'
import { obtainUv, repository } from './environment.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const packagesDirectory = join(root, 'packages')
const engine = join(packagesDirectory, 'engine')
const server = join(packagesDirectory, 'server')
const pythonProject = join(engine, 'python')
const cacheFolder = join(root, 'node_modules', '.cache', 'create-mlx-app', 'packages')

/** Lock files that are only used in this repository. */
const ownLocks = ['requirements-dev.lock']

const packedNames = ['mlx-app', 'mlx-app-server', 'wheel'] as const
type PackedName = (typeof packedNames)[number]

export interface PackedPackage {
  name: PackedName
  version: string
  /** The file name in `vendor/`. It contains a hash, because package managers cache what they install by name. */
  file: string
  /** The absolute path of the tarball or wheel. */
  path: string
  /** The SHA-256 of the file in hex. */
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
 * Packs the packages, each from a staging folder. They are private, for a tool that includes them. `scripts/publish/package.ts`
 * gives them another package.json for npm.
 */
export async function packPackages(): Promise<PackedPackage[]> {
  const folder = join(cacheFolder, hashOfSources())
  const index = join(folder, 'packages.json')
  if (!existsSync(index)) {
    // Packages are compiled in their own folders, so only one process can do it at a time.
    const make = async () => (existsSync(index) ? undefined : await makePackages(folder))
    await withProcessLock(repository, make, (processId) =>
      console.error(
        `! Waiting for process ${processId}, which is packing the packages or setting up Python.`,
      ),
    )
  }
  // Paths are computed here, because the repository may have been moved since the packages were packed.
  return packedSchema
    .parse(JSON.parse(readFileSync(index, 'utf8')))
    .map((packed) => ({ ...packed, path: join(folder, packed.file) }))
}

async function makePackages(folder: string): Promise<void> {
  const making = `${folder}.${randomUUID()}`
  try {
    const page = await buildChatPage()
    const wheel = await buildWheel(join(making, 'wheel'))
    const packages = [
      await packEngine(join(making, 'mlx-app'), wheel),
      await packServer(join(making, 'mlx-app-server'), page),
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

/** Builds the wheel, with the chat page. It needs no network, and the same sources give the same bytes. */
async function buildWheel(folder: string): Promise<PackedPackage> {
  const uv = await obtainUv()
  await execa(uv, ['build', '--quiet', '--offline', '--wheel', pythonProject, '--out-dir', folder])
  const file = readdirSync(folder).find((name) => name.endsWith('.whl'))
  if (file === undefined) throw new Error(`uv did not build a wheel in ${folder}`)
  const path = join(folder, file)
  // The name of a wheel can't be changed. pip and uv compare its hash, so they don't use an older file from a cache.
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

async function packServer(staging: string, pageFolder: string): Promise<PackedPackage> {
  await compile(server)
  stage(server, staging, ['dist', 'src', 'docs', 'README.md', 'package.json'])
  const files = new Map(filesIn(pageFolder).map((path) => [path, readFileSync(join(pageFolder, path))]))
  replaceModule(staging, 'page-files', createPageModule(files))
  return await pack(staging)
}

/** Replaces a compiled module with what only a build knows, and removes its source map. */
function replaceModule(staging: string, name: string, text: string): void {
  const path = join(staging, 'dist', `${name}.js`)
  writeFileSync(path, text)
  rmSync(`${path}.map`)
}

/** Compiles a package in its own folder, where other packages find its types. */
async function compile(folder: string): Promise<void> {
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  await execa('tsc', ['-p', 'tsconfig.build.json'], { cwd: folder, preferLocal: true, localDir: root })
}

function stage(folder: string, staging: string, names: readonly string[]): void {
  mkdirSync(staging, { recursive: true })
  for (const name of names) cpSync(join(folder, name), join(staging, name), { recursive: true })
  cpSync(join(root, 'LICENSE'), join(staging, 'LICENSE'))
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const own = { ...manifest, dependencies: pinVersions(basename(folder), manifest.dependencies) }
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(toPublished(own), null, 2)}\n`)
}

/**
 * Replaces the ranges of dependencies by the exact versions in package-lock.json, so that a project gets the versions that were
 * tested.
 */
function pinVersions(name: string, dependencies: Readonly<Record<string, string>>): Record<string, string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  const versionOfLocked = (dependency: string): string => {
    const locked =
      packages[`packages/${name}/node_modules/${dependency}`] ?? packages[`node_modules/${dependency}`]
    if (locked?.version === undefined)
      throw new Error(`package-lock.json has no ${dependency}. Run: npm install`)
    return locked.version
  }
  return Object.fromEntries(Object.keys(dependencies).map((each) => [each, versionOfLocked(each)]))
}

/** Removes from a manifest what is only used in this repository: scripts, development dependencies and the source condition. */
function toPublished(manifest: Readonly<Record<string, unknown>>): Record<string, unknown> {
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
  if (known === undefined) throw new Error(`${name} is not a package of this repository`)
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

/** Folders that are not part of a package: tests, and the output of tests, tools and builds. */
const excludedFolders = /^(node_modules|dist|page|test|tests|\.mlx|\.venv|__pycache__|\..*_cache)$/

/** Returns a hash of all files that the packages are built from. */
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

/** Returns the sorted relative paths of all files in a folder and its subfolders. */
function filesIn(folder: string): string[] {
  const found: string[] = []
  const walk = (below: string): void => {
    for (const name of readdirSync(join(folder, below)).sort()) {
      if (excludedFolders.test(basename(name)) && below !== '') continue
      const path = below === '' ? name : `${below}/${name}`
      if (statSync(join(folder, path)).isDirectory()) walk(path)
      else found.push(path)
    }
  }
  walk('')
  return found
}
