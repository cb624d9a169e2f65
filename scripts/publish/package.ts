import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { bundle } from '../bundle.ts'
import { packPackages } from '../packages.ts'
import { manifestForNpm, repositoryKeys } from './manifest.ts'
import { npmPackages, pythonFolder, tarballOf } from './npm-packages.ts'
import { type PythonPackage, packPython } from './python.ts'
import { unpack } from './unpack.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const manifestSchema = z.looseObject({ name: z.string(), version: z.string() })
const packedSchema = z.tuple([z.object({ filename: z.string(), size: z.number(), unpackedSize: z.number() })])

export interface PackedPackage {
  /** The absolute path of the tarball. */
  tarball: string
  /** The size of the tarball in bytes. */
  size: number
  /** The size of the files in bytes. */
  unpackedSize: number
}

/**
 * Builds and packs the tool in a temporary folder.
 *
 * @param destination the folder for the tarball.
 * @param repository `owner/name` on GitHub, for a release, whose projects get the packages from the registries. Without it, the
 * tool includes the packages, and npm refuses to publish it.
 */
export async function packPackage(destination: string, repository?: string): Promise<PackedPackage> {
  return await inStaging(async (staging) => {
    await bundle(join(staging, 'dist'), repository === undefined ? 'vendor' : 'registry')
    for (const name of ['README.md', 'LICENSE']) cpSync(join(root, name), join(staging, name))
    const manifest = Object.fromEntries(
      Object.entries(readManifest(root)).filter(([key]) => !repositoryKeys.includes(key)),
    )
    writeManifest(
      staging,
      repository === undefined ? manifest : manifestForNpm(manifest, repository, undefined),
    )
    return await pack(staging, destination)
  })
}

export interface Release {
  /** The packed npm packages by name. */
  npm: Map<string, PackedPackage>
  python: PythonPackage
}

/**
 * Packs all packages of a release, under the file names in `npm-packages.ts`. They are the packages that tests use, with the
 * addresses of the repository.
 *
 * @param repository `owner/name` on GitHub.
 */
export async function packRelease(destination: string, repository: string): Promise<Release> {
  const python = await packPython(join(destination, pythonFolder), repository)
  const packages = await packPackages()
  const wheelBefore = packages.find(({ name }) => name === 'wheel')
  if (wheelBefore === undefined) throw new Error('No wheel was packed')
  const packed = new Map<string, PackedPackage>()
  for (const { name, folder } of npmPackages) {
    const carried = packages.find((candidate) => candidate.name === name)
    const made =
      carried === undefined
        ? await packPackage(destination, repository)
        : await repackForNpm(carried.path, destination, repository, folder, (staging) => {
            if (name === 'mlx-app') replaceWheel(staging, wheelBefore.sha256, python.wheel)
          })
    const tarball = join(destination, tarballOf(name))
    renameSync(made.tarball, tarball)
    packed.set(name, { ...made, tarball })
  }
  return { npm: packed, python }
}

/** Replaces the wheel in mlx-app and its hash, so that npm and PyPI have the same wheel. */
function replaceWheel(staging: string, hashBefore: string, wheel: string): void {
  cpSync(wheel, join(staging, 'python', basename(wheel)))
  const module = join(staging, 'dist', 'release.js')
  const text = readFileSync(module, 'utf8')
  if (!text.includes(hashBefore)) throw new Error(`${module} does not have the hash of the wheel`)
  const hash = createHash('sha256').update(readFileSync(wheel)).digest('hex')
  writeFileSync(module, text.replace(hashBefore, hash))
}

async function repackForNpm(
  tarball: string,
  destination: string,
  repository: string,
  folder: string | undefined,
  change: (staging: string) => void,
): Promise<PackedPackage> {
  return await inStaging(async (staging) => {
    await unpack(tarball, staging)
    change(staging)
    writeManifest(staging, manifestForNpm(readManifest(staging), repository, folder))
    return await pack(staging, destination)
  })
}

async function pack(staging: string, destination: string): Promise<PackedPackage> {
  mkdirSync(destination, { recursive: true })
  const flags = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const { stdout } = await execa('npm', flags, { cwd: staging })
  const [{ filename, size, unpackedSize }] = packedSchema.parse(JSON.parse(stdout))
  return { tarball: join(destination, filename), size, unpackedSize }
}

async function inStaging<Result>(work: (staging: string) => Promise<Result>): Promise<Result> {
  const staging = mkdtempSync(join(tmpdir(), 'create-mlx-app-package-'))
  try {
    return await work(staging)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function readManifest(folder: string): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
}

function writeManifest(folder: string, manifest: object): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
