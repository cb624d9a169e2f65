import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { bundle } from '../bundle.ts'
import { packPackages } from '../packages.ts'
import { manifestForNpm, repositoryKeys } from './manifest.ts'
import { npmPackages, tarballOf } from './npm-packages.ts'
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

/**
 * Packs all npm packages of a release, under the file names in `npm-packages.ts`. They are the packages that tests use, with
 * another package.json.
 *
 * @param repository `owner/name` on GitHub.
 * @returns the packed packages by name.
 */
export async function packRelease(
  destination: string,
  repository: string,
): Promise<Map<string, PackedPackage>> {
  const packages = await packPackages()
  const packed = new Map<string, PackedPackage>()
  for (const { name, folder } of npmPackages) {
    const carried = packages.find((candidate) => candidate.name === name)
    const made =
      carried === undefined
        ? await packPackage(destination, repository)
        : await repackForNpm(carried.path, destination, repository, folder)
    const tarball = join(destination, tarballOf(name))
    renameSync(made.tarball, tarball)
    packed.set(name, { ...made, tarball })
  }
  return packed
}

async function repackForNpm(
  tarball: string,
  destination: string,
  repository: string,
  folder: string | undefined,
): Promise<PackedPackage> {
  return await inStaging(async (staging) => {
    await unpack(tarball, staging)
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
