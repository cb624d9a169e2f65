/**
 * Pure functions that find out which files of a package the targets of a lock can install, from uv.lock and the output of
 * `uv export`. Hashes of other files are removed from the lock, because hashes don't compress.
 */
import { parse } from 'smol-toml'
import { z } from 'zod'
import { newestMinor, oldestMinor } from '../packages/engine/src/setup/machine/interpreter.ts'
import { oldestSystems } from '../packages/engine/src/setup/machine/platform-support.ts'
import { fits, type WheelTarget as Target } from '../packages/engine/src/setup/machine/wheel-tags.ts'
import { machines } from './lock-text.ts'

/** The Python versions that the setup supports. test/e2e/setup-lock.test.ts checks that there is a wheel for each. */
const minors = Array.from({ length: newestMinor - oldestMinor + 1 }, (_, index) => oldestMinor + index)

/** Returns the targets for each machine of the systems and each Python version. */
export function targetsOn(systems: readonly Target['system'][]): Target[] {
  return systems.flatMap((system) =>
    (machines[system] ?? []).flatMap((machine) => minors.map((minor) => ({ system, machine, minor }))),
  )
}

const uvLockSchema = z.object({
  package: z.array(
    z.object({
      sdist: z.object({ url: z.string(), hash: z.string() }).optional(),
      wheels: z.array(z.object({ url: z.string(), hash: z.string() })).optional(),
    }),
  ),
})

/** Returns the names of the files in a uv.lock by hash (`sha256:...`). */
export function fileNames(uvLock: string): Map<string, string> {
  const { package: packages } = uvLockSchema.parse(parse(uvLock))
  const files = packages.flatMap(({ sdist, wheels = [] }) => [
    ...wheels,
    ...(sdist === undefined ? [] : [sdist]),
  ])
  return new Map(
    files.map(({ hash, url }) => [hash, decodeURIComponent(url.slice(url.lastIndexOf('/') + 1))]),
  )
}

/**
 * Removes the hashes of wheels that no target can install, and the source distributions of packages that have a wheel for
 * each target.
 *
 * @param names the file names by hash in the uv.lock that was exported.
 * @throws Error for a hash without a name, and for a package without any usable file.
 */
export function keepUsableHashes(
  exported: string,
  names: ReadonlyMap<string, string>,
  targets: readonly Target[],
): string {
  return exported
    .split(/\n(?=\S)/)
    .map((block) => keepUsableFiles(block, names, targets))
    .join('\n')
}

const hashLine = /^ {4}--hash=(sha256:[0-9a-f]{64})( \\)?$/

function keepUsableFiles(block: string, names: ReadonlyMap<string, string>, all: readonly Target[]): string {
  const lines = block.split('\n')
  const files = lines.flatMap((line) => {
    const hash = hashLine.exec(line)?.[1]
    if (hash === undefined) return []
    const name = names.get(hash)
    if (name === undefined) throw new Error(`uv.lock has no file with the hash ${hash}`)
    return [{ hash, name }]
  })
  const [first = ''] = lines
  if (files.length === 0) return block
  const marker = / ; (.+?)(?: \\)?$/.exec(first)?.[1]
  const targets = all.filter((target) => marker === undefined || markerApplies(marker, target))
  const covered = targets.every((target) =>
    files.some(({ name }) => fits(name, { ...target, oldest: oldestSystems[target.system] })),
  )
  const kept = files.filter(({ name }) =>
    name.endsWith('.whl') ? targets.some((target) => fits(name, target)) : !covered,
  )
  if (kept.length === 0) throw new Error(`No usable file is left for ${first}`)
  const hashes = kept.map(({ hash }, index) => `    --hash=${hash}${index < kept.length - 1 ? ' \\' : ''}`)
  return [first, ...hashes, ...lines.slice(1).filter((line) => !hashLine.test(line))].join('\n')
}

/** Whether a marker applies to a target. Conditions on anything but system, machine and Python count as true. */
export function markerApplies(marker: string, target: Target): boolean {
  return marker.split(' or ').some((alternative) =>
    alternative
      .replace(/^\(|\)$/g, '')
      .split(' and ')
      .every((atom) => {
        const [, name, operator, value = ''] = /^(\w+) (==|!=|<|>=) '([^']*)'$/.exec(atom) ?? []
        if (name === 'sys_platform') return (target.system === value) === (operator === '==')
        if (name === 'platform_machine') return (target.machine === value) === (operator === '==')
        const minor = /^3\.(\d+)$/.exec(value)?.[1]
        if (name !== 'python_full_version' || minor === undefined) return true
        if (operator === '<') return target.minor < Number(minor)
        return operator !== '>=' || target.minor >= Number(minor)
      }),
  )
}
