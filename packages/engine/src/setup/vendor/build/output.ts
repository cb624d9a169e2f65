/** Writes the files of the output, and puts it in its place. */
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { InstalledPackage } from '../check/packages.ts'
import { ownEntries, recordName, stagingPrefix } from '../plan/output-folder.ts'
import type { VendorPlan } from '../plan/plan.ts'
import { describeTarget } from '../plan/target.ts'
import { launcherScript } from './launcher.ts'

/** The sizes of a folder, in bytes. */
export interface FolderSizes {
  /** As installed. */
  installedBytes: number
  /** Without what an app never uses. */
  prunedBytes: number
  /** With the bytecode: what the app ships. */
  bytes: number
}

/** What was vendored. It is also in the file vendor.json of the output. */
export interface VendorRecord {
  name: string
  /** The version of the app. */
  version: string
  /** Such as darwin-arm64. */
  platform: string
  /** The oldest macOS or glibc, such as 14.0. */
  oldestSystem: string
  /** The version of Python, such as 3.12. */
  python: string
  abi: string
  /** The versions by the names of the packages. */
  packages: Record<string, string>
  /** The packages that were replaced with the user's own builds. */
  customPackages: string[]
  /** Whether the code was compiled to bytecode, which needs a Python of this version. */
  compiled: boolean
  /** What the hello model said; null if the target is not the system of this machine, or has no interpreter here. */
  generated: string | null
  /** The libraries that the user's Linux must have, besides those of glibc and GCC, such as libssl.so.3. */
  systemLibraries: string[]
  sizes: { packages: FolderSizes; interpreter: FolderSizes | null }
}

/** Returns the record of an output. */
export function vendorRecord(
  { name, version, target, abi, customWheels }: VendorPlan,
  packages: readonly InstalledPackage[],
  results: Pick<VendorRecord, 'compiled' | 'generated' | 'sizes' | 'systemLibraries'>,
): VendorRecord {
  return {
    name,
    version,
    platform: target.name,
    oldestSystem: target.oldest,
    python: `3.${target.minor}`,
    abi,
    packages: Object.fromEntries(packages.map((each) => [each.name, each.version])),
    customPackages: customWheels.map((wheel) => wheel.name),
    ...results,
  }
}

/** Writes the launcher. */
export async function writeLauncher(folder: string, { name, binName }: VendorPlan): Promise<void> {
  const path = join(folder, binName)
  await writeFile(path, launcherScript(name, binName))
  await chmod(path, 0o755)
}

/** Writes what the output says of itself: VERSION, README.md and vendor.json. */
export async function writeDescription(
  { folder, interpreter }: { folder: string; interpreter: string | undefined },
  plan: VendorPlan,
  record: VendorRecord,
): Promise<void> {
  const { packages } = record
  const { binName, target, version } = plan
  await writeFile(join(folder, 'VERSION'), `${version}\n`)
  await writeFile(join(folder, recordName), toJson(record))
  if (interpreter !== undefined) {
    const { platform, oldestSystem, python } = record
    await writeFile(join(interpreter, recordName), toJson({ platform, oldestSystem, python }))
  }
  await writeFile(
    join(folder, 'README.md'),
    `# Python for ${plan.name} ${version}

Made by \`mlx-app vendor\` for ${describeTarget(target)}, with MLX ${packages.mlx}, mlx-lm ${packages['mlx-lm']} and
mlx-app ${packages['mlx-app']}. Don't edit it: the next build replaces it.

| | |
|---|---|
| \`${binName} --python-info\` | the interpreter: version, ABI, paths |
| \`${binName} --mlx-info\` | MLX: version, device, and the result of a computation |
| \`${binName} --pkg-info NAME\` | an installed package |
| \`${binName} --check-mlx-stack\` | computes and generates text |
| \`${binName} serve --host ADDRESS --port N --max-tokens N\` | a server with OpenAI's API |
| \`${binName} -m mlx_app.worker\` | the worker, which the engine of \`mlx-app\` starts |
`,
  )
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/**
 * Moves the new folders to their places. The old ones are renamed first, so that no moment has a mixture of both: a build
 * that is killed leaves a complete folder or none. If a folder can't be moved, the old ones go back.
 */
export async function replaceOutput(
  staging: string,
  { distDirectory, name, interpreter, clean }: VendorPlan,
): Promise<void> {
  const place = (folder: string) => join(distDirectory, folder)
  // A name that no project has.
  const old = join(staging, '.old')
  await mkdir(old)
  const replaced = clean
    ? ownEntries(distDirectory).filter((entry) => entry !== basename(staging))
    : [name, 'python'].filter((folder) => existsSync(place(folder)))
  const removed: string[] = []
  const added: string[] = []
  try {
    for (const folder of replaced) {
      await rename(place(folder), join(old, folder))
      removed.push(folder)
    }
    for (const folder of interpreter === undefined ? [name] : [name, 'python']) {
      await rename(join(staging, folder), place(folder))
      added.push(folder)
    }
  } catch (error) {
    for (const folder of added) await rename(place(folder), join(staging, folder))
    for (const folder of removed) await rename(join(old, folder), place(folder))
    throw error
  }
}

/**
 * Creates the folder of the output, and removes what builds that were killed left there. git ignores a new folder; in one
 * with files of the user, that is their choice.
 */
export async function prepareOutput({ distDirectory }: Pick<VendorPlan, 'distDirectory'>): Promise<string> {
  await mkdir(distDirectory, { recursive: true })
  for (const entry of await readdir(distDirectory)) {
    if (entry.startsWith(stagingPrefix))
      await rm(join(distDirectory, entry), { recursive: true, force: true })
  }
  if ((await readdir(distDirectory)).length === 0) await writeFile(join(distDirectory, '.gitignore'), '*\n')
  const staging = join(distDirectory, `${stagingPrefix}${process.pid}`)
  await mkdir(staging)
  return staging
}
