import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { choose, type PackageManager, packageManagers } from '../choices.ts'
import { isJsonObject } from '../compose/merge.ts'
import { type ListFile, listedPackages, parseManifest } from '../write/package-list.ts'
import { foldersUpFrom, pathBelow, textOf } from './folders.ts'

/** A repository whose root installs several packages, as seen from a folder in it. */
export interface Monorepo {
  /** Absolute path of the root. */
  root: string
  /** The file in the root with the list of packages. pnpm has its own. */
  listFile: ListFile
  /** The folder, relative to the root and with `/`, as the list would name it. */
  folder: string
  /** Whether the list includes the folder. */
  includesFolder: boolean
  /** The package manager of the root, if it can be told. */
  manager?: PackageManager
}

/** The lock files by which the package manager of a root can be told. */
const locks: readonly [file: string, PackageManager][] = [
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
]

/** Returns the nearest monorepo above a folder; undefined if there is none. */
export async function findMonorepo(folder: string): Promise<Monorepo | undefined> {
  for (const root of foldersUpFrom(dirname(folder))) {
    const found = listIn(root)
    if (found === undefined) continue
    const path = pathBelow(root, folder)
    const { includes } = await import('./workspace-lists.ts')
    return { ...found.monorepo, root, folder: path, includesFolder: includes(found.patterns, path) }
  }
  return undefined
}

/** Returns what lists the packages in a folder, if the folder is the root of a monorepo. */
function listIn(
  root: string,
): { patterns: readonly string[]; monorepo: Pick<Monorepo, 'listFile' | 'manager'> } | undefined {
  const ofPnpm = textOf(join(root, 'pnpm-workspace.yaml'))
  const inYaml = ofPnpm === undefined ? undefined : listedPackages('pnpm-workspace.yaml', ofPnpm)
  if (inYaml !== undefined) {
    return { patterns: inYaml, monorepo: { listFile: 'pnpm-workspace.yaml', manager: 'pnpm' } }
  }
  const ofOthers = textOf(join(root, 'package.json'))
  const inManifest = ofOthers === undefined ? undefined : listedPackages('package.json', ofOthers)
  if (ofOthers === undefined || inManifest === undefined) return undefined
  const manager = managerOf(root, ofOthers)
  // pnpm reads its own list only.
  if (manager === 'pnpm') return undefined
  const monorepo = { listFile: 'package.json' as const, ...(manager === undefined ? {} : { manager }) }
  return { patterns: inManifest, monorepo }
}

/** Returns the package manager that a root names, or whose lock file it has. */
function managerOf(root: string, manifestText: string): PackageManager | undefined {
  const { packageManager, devEngines } = parseManifest(manifestText) ?? {}
  const inEngines = isJsonObject(devEngines) ? devEngines.packageManager : undefined
  const name = isJsonObject(inEngines) ? inEngines.name : String(packageManager).split('@')[0]
  const named = choose(packageManagers, String(name))
  return named ?? locks.find(([file]) => existsSync(join(root, file)))?.[1]
}

/**
 * Returns where a member with this package manager finds its packages: `../../node_modules` if they are installed in the root.
 * pnpm gives each member its own folder, and so does Bun since its lock files have a version of their settings.
 */
export function packagesFolder({ root, folder }: Monorepo, manager: PackageManager): string | undefined {
  if (manager === 'pnpm') return undefined
  const lock = manager === 'bun' ? textOf(join(root, 'bun.lock')) : undefined
  const isOlderBun = lock !== undefined && !/"configVersion": [1-9]/.test(lock)
  if (manager === 'bun' && !isOlderBun) return undefined
  return `${'../'.repeat(folder.split('/').length)}node_modules`
}

/** Whether Yarn links the packages of a root without node_modules, in which programs in Python have no files. */
export function hasPlugAndPlay({ root }: Monorepo): boolean {
  // Yarn 1 has a lock file with this line.
  if (textOf(join(root, 'yarn.lock'))?.includes('# yarn lockfile v1')) return false
  const settings = textOf(join(root, '.yarnrc.yml')) ?? ''
  return !/^nodeLinker: *["']?(node-modules|pnpm)/m.test(settings)
}
