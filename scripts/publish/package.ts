import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'
import { bundle } from '../bundle.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const manifestSchema = z.looseObject({ name: z.string(), version: z.string() })
const packedSchema = z.tuple([z.object({ filename: z.string(), size: z.number(), unpackedSize: z.number() })])

export interface PackedPackage {
  /** Absolute path of the tarball. */
  tarball: string
  /** Bytes of the tarball. */
  size: number
  /** Bytes of the files in it. */
  unpackedSize: number
}

/** What of package.json is for this repository alone. */
const onlyHere = ['scripts', 'devDependencies', 'workspaces', 'allowScripts']

/**
 * Builds the tool and packs it as it is published, beside the work tree, which stays as it is.
 *
 * @param destination folder that the tarball comes to.
 * @param repository `owner/name` on GitHub, when it is for npm: provenance is refused where package.json does not name
 * the repository whose workflow publishes, and this one does not know its own address.
 */
export async function packPackage(destination: string, repository?: string): Promise<PackedPackage> {
  const staging = mkdtempSync(join(tmpdir(), 'create-mlx-app-package-'))
  try {
    await bundle(join(staging, 'dist'))
    for (const name of ['README.md', 'LICENSE']) cpSync(join(root, name), join(staging, name))
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
    writeFileSync(join(staging, 'package.json'), manifestText(manifest, repository))
    mkdirSync(destination, { recursive: true })
    const flags = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
    const { stdout } = await execa('npm', flags, { cwd: staging })
    const [{ filename, size, unpackedSize }] = packedSchema.parse(JSON.parse(stdout))
    return { tarball: join(destination, filename), size, unpackedSize }
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function manifestText(manifest: Readonly<Record<string, unknown>>, repository: string | undefined): string {
  const kept = Object.entries(manifest).filter(([key]) => !onlyHere.includes(key))
  const published = { ...Object.fromEntries(kept), ...(repository && addressesOf(repository)) }
  return `${JSON.stringify(published, null, 2)}\n`
}

/** @throws Error when it is not `owner/name`. */
function addressesOf(repository: string): Record<string, unknown> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new Error(`"${repository}" is not owner/name`)
  const page = `https://github.com/${repository}`
  return {
    repository: { type: 'git', url: `git+${page}.git` },
    homepage: `${page}#readme`,
    bugs: { url: `${page}/issues` },
    publishConfig: { access: 'public', provenance: true },
  }
}
