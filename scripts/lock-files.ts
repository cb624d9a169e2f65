/**
 * Which files of a package the systems of a lock can install: pure functions over what uv.lock says of each file and over
 * what uv exported. A hash of 64 characters does not compress, so one that nobody can use is left out of a lock.
 */
import { parse } from 'smol-toml'
import { z } from 'zod'
import { machines } from './lock-text.ts'

/** A machine that a lock is for, with one version of Python. */
export interface Target {
  /** `sys_platform` and `platform_machine` of Python. */
  system: string
  machine: string
  /** The 12 of Python 3.12. */
  minor: number
}

/** 3.11 to 3.14, as the set-up takes them: test/e2e/setup-lock.test.ts looks for a wheel for each of those. */
const minors = [11, 12, 13, 14]

/** Each machine of the systems with each Python. */
export function targetsOn(systems: readonly string[]): Target[] {
  return systems.flatMap((system) =>
    (machines[system] ?? []).flatMap((machine) => minors.map((minor) => ({ system, machine, minor }))),
  )
}

/** The oldest systems that MLX has wheels for: macOS 14, and Linux with glibc 2.35. */
const oldestMac = 14
const oldestGlibc = 35

const uvLockSchema = z.object({
  package: z.array(
    z.object({
      sdist: z.object({ url: z.string(), hash: z.string() }).optional(),
      wheels: z.array(z.object({ url: z.string(), hash: z.string() })).optional(),
    }),
  ),
})

/** The names of the files that a uv.lock has, by hash (`sha256:...`). */
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
 * What uv exported, without the hashes of wheels that no target can install, and without source distributions of packages
 * that have a wheel for each target.
 *
 * @param names of the files by hash, of the uv.lock that the export was made from.
 * @throws Error for a hash without a name, and for a package of which nothing is left.
 */
export function withUsableHashes(
  exported: string,
  names: ReadonlyMap<string, string>,
  targets: readonly Target[],
): string {
  return exported
    .split(/\n(?=\S)/)
    .map((block) => usableBlock(block, names, targets))
    .join('\n')
}

const hashLine = /^ {4}--hash=(sha256:[0-9a-f]{64})( \\)?$/

function usableBlock(block: string, names: ReadonlyMap<string, string>, all: readonly Target[]): string {
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
  const targets = all.filter((target) => marker === undefined || isMeant(marker, target))
  const covered = targets.every((target) => files.some(({ name }) => fits(name, target, true)))
  const kept = files.filter(({ name }) =>
    name.endsWith('.whl') ? targets.some((target) => fits(name, target, false)) : !covered,
  )
  if (kept.length === 0) throw new Error(`Nothing is left of ${first}`)
  const hashes = kept.map(({ hash }, index) => `    --hash=${hash}${index < kept.length - 1 ? ' \\' : ''}`)
  return [first, ...hashes, ...lines.slice(1).filter((line) => !hashLine.test(line))].join('\n')
}

/** Whether a marker holds; what it says of anything else than system, machine and Python is taken as true. */
export function isMeant(marker: string, target: Target): boolean {
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

/**
 * Whether a wheel can be installed on a target, by the tags in its name.
 *
 * @param onOldest on the oldest system that MLX runs on too.
 */
export function fits(wheel: string, target: Target, onOldest: boolean): boolean {
  const [pythons, abis, platforms] = wheel
    .replace(/\.whl$/, '')
    .split('-')
    .slice(-3)
    .map((tags) => tags.split('.'))
  if (!wheel.endsWith('.whl') || platforms === undefined) return false
  return (
    (pythons ?? []).some((python) => (abis ?? []).some((abi) => fitsPython(python, abi, target.minor))) &&
    platforms.some((platform) => fitsSystem(platform, target, onOldest))
  )
}

function fitsPython(python: string, abi: string, minor: number): boolean {
  const [, implementation, digits] = /^(cp|py)3(\d*)$/.exec(python) ?? []
  if (implementation === undefined || digits === undefined) return false
  if (abi === 'none' && implementation === 'py') return digits === '' || Number(digits) <= minor
  if (abi === 'abi3') return implementation === 'cp' && Number(digits) <= minor
  return (abi === 'none' || abi === `cp3${minor}`) && python === `cp3${minor}`
}

function fitsSystem(platform: string, { system, machine }: Target, onOldest: boolean): boolean {
  if (platform === 'any') return true
  const [, mac, macMachine] = /^macosx_(\d+)_\d+_(arm64|universal2)$/.exec(platform) ?? []
  if (mac !== undefined) {
    if (system !== 'darwin' || (macMachine !== 'universal2' && macMachine !== machine)) return false
    return !onOldest || Number(mac) <= oldestMac
  }
  const [, glibc, linuxMachine] =
    /^(?:manylinux_2_(\d+)|manylinux(?:1|2010|2014)|linux)_(\w+)$/.exec(platform) ?? []
  if (system !== 'linux' || linuxMachine !== machine) return false
  return !onOldest || glibc === undefined || Number(glibc) <= oldestGlibc
}
