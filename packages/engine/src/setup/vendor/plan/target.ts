/** The system that packages are vendored for. */
import { EngineError } from '../../../engine/index.ts'
import { newestMinor, oldestMinor } from '../../machine/interpreter.ts'
import { oldestSystems } from '../../machine/platform-support.ts'
import { isOlderVersion } from '../../machine/versions.ts'
import type { WheelTarget } from '../../machine/wheel-tags.ts'

/** The systems that MLX has wheels for, by the names that Node.js has for them. */
const platforms = {
  'darwin-arm64': { system: 'darwin', machine: 'arm64' },
  'linux-x64': { system: 'linux', machine: 'x86_64' },
  'linux-arm64': { system: 'linux', machine: 'aarch64' },
} as const
export type PlatformName = keyof typeof platforms

/** A system without its Python. */
export interface TargetPlatform {
  name: PlatformName
  system: WheelTarget['system']
  machine: string
  /** The oldest macOS or glibc on which the app must run, such as 14.0. */
  oldest: string
}

/** A system with its Python. */
export type VendorTarget = TargetPlatform & WheelTarget & { oldest: string }

const platformNames = Object.keys(platforms).join(', ')

/**
 * Returns the platform of a name such as `darwin-arm64`, or of a wheel's tag such as `macosx_14_0_arm64` or
 * `manylinux_2_35_x86_64`.
 *
 * @param minMacos the oldest macOS that the app supports; the one of the tag, or MLX's own, if undefined.
 * @throws EngineError UNSUPPORTED, INVALID_REQUEST
 */
export function targetPlatform(text: string, minMacos: string | undefined): TargetPlatform {
  const found = byName(text) ?? byTag(text)
  if (found === undefined) {
    throw new EngineError('UNSUPPORTED', `MLX has no packages for the platform ${text}.`, {
      hint: `The platforms are ${platformNames}, and tags of wheels such as macosx_14_0_arm64.`,
    })
  }
  const { name, oldest } = found
  const { system, machine } = platforms[name]
  const own = oldestSystems[system]
  if (system !== 'darwin' && minMacos !== undefined) {
    throw new EngineError('INVALID_REQUEST', `--min-macos is for macOS, but the platform is ${name}.`)
  }
  if (minMacos === undefined) {
    return { name, system, machine, oldest: notOlder(oldest ?? own, own, system) }
  }
  if (!/^\d+(\.\d+)?$/.test(minMacos)) {
    throw new EngineError(
      'INVALID_REQUEST',
      `The oldest macOS must be a version such as 14.0, not ${minMacos}.`,
    )
  }
  const wanted = minMacos.includes('.') ? minMacos : `${minMacos}.0`
  if (oldest !== undefined && oldest !== wanted) {
    throw new EngineError(
      'INVALID_REQUEST',
      `${text} is for macOS ${oldest}, but the oldest macOS is ${wanted}.`,
      {
        hint: 'Give only one of --target-platform with a version and --min-macos (MACOSX_DEPLOYMENT_TARGET).',
      },
    )
  }
  return { name, system, machine, oldest: notOlder(wanted, own, system) }
}

/** Returns a version, unless MLX does not support it. */
function notOlder(version: string, own: string, system: WheelTarget['system']): string {
  if (!isOlderVersion(version, own)) return version
  const library = system === 'darwin' ? 'macOS' : 'glibc'
  throw new EngineError(
    'UNSUPPORTED',
    `MLX needs ${library} ${own} or newer, so an app can't support ${version}.`,
  )
}

interface FoundPlatform {
  name: PlatformName
  oldest?: string
}

function byName(text: string): FoundPlatform | undefined {
  return isPlatformName(text) ? { name: text } : undefined
}

function isPlatformName(text: string): text is PlatformName {
  return Object.hasOwn(platforms, text)
}

function byTag(text: string): FoundPlatform | undefined {
  const [, major, minor] = /^macosx_(\d+)_(\d+)_arm64$/.exec(text) ?? []
  if (major !== undefined) return { name: 'darwin-arm64', oldest: `${major}.${minor}` }
  const [, glibc, machine] = /^manylinux_2_(\d+)_(x86_64|aarch64)$/.exec(text) ?? []
  if (glibc === undefined) return undefined
  return { name: machine === 'aarch64' ? 'linux-arm64' : 'linux-x64', oldest: `2.${glibc}` }
}

/** Returns the name of the platform of this machine, which MLX may not support. */
export function ownPlatform(): string {
  return `${process.platform}-${process.arch}`
}

/**
 * Returns the minor version of a Python such as 3.12, 3.12.4 or 312.
 *
 * @throws EngineError INVALID_REQUEST, UNSUPPORTED
 */
export function pythonMinor(text: string): number {
  const [, minor] = /^3(?:\.(\d+)(?:\.\d+)?|(\d\d))$/.exec(text)?.filter((part) => part !== undefined) ?? []
  if (minor === undefined) {
    throw new EngineError('INVALID_REQUEST', `The version of Python must be like 3.12, not ${text}.`)
  }
  const number = Number(minor)
  if (number < oldestMinor || number > newestMinor) {
    throw new EngineError('UNSUPPORTED', `The locked packages have no wheels for Python 3.${number}.`, {
      hint: `Use a version from 3.${oldestMinor} to 3.${newestMinor}.`,
    })
  }
  return number
}

/** Returns the name of the platform for `uv pip install --python-platform`. */
export function uvPlatform({ system, machine, oldest }: VendorTarget): string {
  return system === 'darwin' ? 'aarch64-apple-darwin' : `${machine}-manylinux_${oldest.replace('.', '_')}`
}

/** Returns the name of the relocatable CPython for `uv python install`. */
export function uvPythonRequest({ system, machine, minor }: VendorTarget): string {
  return system === 'darwin'
    ? `cpython-3.${minor}-macos-aarch64-none`
    : `cpython-3.${minor}-linux-${machine}-gnu`
}

/** Returns a target for a message, such as `macOS 14.0 (arm64), Python 3.12`. */
export function describeTarget({ system, machine, oldest, minor }: VendorTarget): string {
  const name = system === 'darwin' ? `macOS ${oldest}` : `Linux with glibc ${oldest}`
  return `${name} (${machine}), Python 3.${minor}`
}
