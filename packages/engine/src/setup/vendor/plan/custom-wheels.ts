/** The user's own builds of MLX and mlx-lm, which replace the locked ones. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { EngineError } from '../../../engine/index.ts'
import { fits } from '../../machine/wheel-tags.ts'
import type { VendorOptions } from './options.ts'
import { describeTarget, type VendorTarget } from './target.ts'

/** The folder of a project in which these wheels are found by themselves. */
export const customWheelsFolder = 'custom-wheels'

export interface CustomWheel {
  /** The name of the package. */
  name: 'mlx' | 'mlx-lm'
  version: string
  path: string
}

/**
 * Returns the wheels that the user named, and otherwise those in `custom-wheels/`.
 *
 * @throws EngineError INVALID_REQUEST for a wheel that is missing, of another package or for another system.
 */
export function findCustomWheels(
  root: string,
  { mlxWheel, mlxLmWheel }: VendorOptions,
  target: VendorTarget,
): CustomWheel[] {
  const named = [
    ['mlx', mlxWheel, '--mlx-wheel (MLX_WHEEL)'],
    ['mlx-lm', mlxLmWheel, '--mlx-lm-wheel (MLX_LM_WHEEL)'],
  ] as const
  return named.flatMap(([name, path, by]) => {
    if (path === undefined) return findInFolder(join(root, customWheelsFolder), name, target)
    if (!existsSync(path)) throw invalid(`${by} is ${path}, which does not exist.`)
    const version = versionIn(path, name)
    if (version === undefined) throw invalid(`${by} is ${path}, which is not a wheel of ${name}.`)
    if (!fits(basename(path), target)) {
      throw invalid(`${by} is ${path}, which is not for ${describeTarget(target)}.`)
    }
    return [{ name, version, path }]
  })
}

function findInFolder(folder: string, name: CustomWheel['name'], target: VendorTarget): CustomWheel[] {
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  const wheels = files.flatMap((file) => {
    const version = versionIn(file, name)
    return version === undefined ? [] : [{ name, version, path: join(folder, file) }]
  })
  const usable = wheels.filter(({ path }) => fits(basename(path), target))
  if (wheels.length > 0 && usable.length !== 1) {
    const found = wheels.map(({ path }) => basename(path)).join(', ')
    const count = usable.length === 0 ? 'none' : 'more than one'
    throw invalid(
      `${folder} has ${found}, but ${count} is for ${describeTarget(target)}.`,
      `Keep one wheel of ${name} there, or name it with --${name}-wheel.`,
    )
  }
  return usable
}

/** Returns the version in the file name of a wheel, if it is of the package. */
function versionIn(path: string, name: string): string | undefined {
  const [, distribution, version] =
    /^([^-]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl$/.exec(basename(path)) ?? []
  return distribution?.toLowerCase().replaceAll('_', '-') === name ? version : undefined
}

function invalid(message: string, hint?: string): EngineError {
  return new EngineError('INVALID_REQUEST', message, { hint })
}
