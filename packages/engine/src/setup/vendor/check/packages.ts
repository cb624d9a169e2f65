/** Checks that the packages in the output are the locked ones, and built for the target. */
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import { fits } from '../../machine/wheel-tags.ts'
import type { FileEntry } from '../files.ts'
import type { VendorPlan } from '../plan/plan.ts'
import { describeTarget } from '../plan/target.ts'

/** A package in a folder. */
export interface InstalledPackage {
  /** With dashes and lower case, as in a lock. */
  name: string
  version: string
  /** The tags of its wheel, such as cp312-cp312-macosx_14_0_arm64. */
  tags: string[]
}

/** The packages that every app has. */
const required = ['mlx', 'mlx-lm', 'mlx-app']

/** Returns the packages in a folder. */
export async function readInstalledPackages(site: string): Promise<InstalledPackage[]> {
  const folders = (await readdir(site)).filter((name) => name.endsWith('.dist-info')).sort()
  return await Promise.all(
    folders.map(async (folder) => {
      const fields = async (file: string, field: string) =>
        Array.from(
          (await readFile(join(site, folder, file), 'utf8')).matchAll(new RegExp(`^${field}: (.*)$`, 'gm')),
          ([, value = '']) => value.trim(),
        )
      const [name = ''] = await fields('METADATA', 'Name')
      const [version = ''] = await fields('METADATA', 'Version')
      return { name: normalised(name), version, tags: await fields('WHEEL', 'Tag') }
    }),
  )
}

/**
 * Checks each package: its version, and the tags of its wheel.
 *
 * @param locks the lock files that were installed.
 * @throws EngineError INTERNAL for a package that is missing or has another version, UNSUPPORTED for one that is built
 * for another system.
 */
export function requireLockedPackages(
  packages: readonly InstalledPackage[],
  locks: readonly string[],
  { target, customWheels }: VendorPlan,
): void {
  const locked = lockedVersions(locks)
  for (const { name, version } of customWheels) locked.set(name, [version])
  for (const name of required) {
    if (!packages.some((each) => each.name === name)) {
      throw new EngineError('INTERNAL', `${name} is not among the installed packages.`)
    }
  }
  for (const { name, version, tags } of packages) {
    const allowed = locked.get(name)
    if (allowed !== undefined && !allowed.includes(version)) {
      throw new EngineError(
        'INTERNAL',
        `${name} ${version} was installed instead of ${allowed.join(' or ')}.`,
      )
    }
    if (!tags.some((tag) => fits(tag, target))) {
      throw new EngineError(
        'UNSUPPORTED',
        `${name} ${version} is built for ${tags.join(', ')}, which is not for ${describeTarget(target)}.`,
      )
    }
  }
}

/** Returns the versions of each package in lock files. Which one applies depends on the version of Python. */
function lockedVersions(locks: readonly string[]): Map<string, string[]> {
  const versions = new Map<string, string[]>()
  for (const path of locks) {
    for (const [, name = '', version = ''] of readFileSync(path, 'utf8').matchAll(
      /^([\w.-]+)==([^\s;\\]+)/gm,
    )) {
      versions.set(name, [...(versions.get(name) ?? []), version])
    }
  }
  return versions
}

/**
 * Checks the names of extension modules, which have the ABI in them.
 *
 * @throws EngineError UNSUPPORTED
 */
export function requireAbiOfModules(files: readonly FileEntry[], abi: string): void {
  const version = abi.slice('cp'.length)
  for (const { name } of files) {
    const found = /\.cpython-(\d+)[^.]*\.so$/.exec(basename(name))?.[1]
    if (found !== undefined && found !== version) {
      throw new EngineError('UNSUPPORTED', `${name} has the ABI cp${found}, but the app has ${abi}.`)
    }
  }
}

function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}
