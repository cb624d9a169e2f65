/** Which wheels a system can install, by the tags in their names. */
import { isOlderVersion } from './versions.ts'

/** A system and a Python version that wheels are for. */
export interface WheelTarget {
  /** Python's `sys_platform`. */
  system: 'darwin' | 'linux'
  /** Python's `platform_machine`: arm64 on a Mac, x86_64 or aarch64 on Linux. */
  machine: string
  /** The minor version of Python: 12 for Python 3.12. */
  minor: number
  /** The oldest macOS or glibc on which a wheel must work, such as 14.0; undefined for any. */
  oldest?: string
}

/** Whether a wheel can be installed on a target, by its file name or by one of its tags, such as `py3-none-any`. */
export function fits(wheel: string, target: WheelTarget): boolean {
  const [pythons, abis, platforms] = wheel
    .replace(/\.whl$/, '')
    .split('-')
    .slice(-3)
    .map((tags) => tags.split('.'))
  if (platforms === undefined) return false
  return (
    (pythons ?? []).some((python) => (abis ?? []).some((abi) => fitsPython(python, abi, target.minor))) &&
    platforms.some((platform) => fitsSystem(platform, target))
  )
}

function fitsPython(python: string, abi: string, minor: number): boolean {
  const [, implementation, digits] = /^(cp|py)3(\d*)$/.exec(python) ?? []
  if (implementation === undefined || digits === undefined) return false
  if (abi === 'none' && implementation === 'py') return digits === '' || Number(digits) <= minor
  if (abi === 'abi3') return implementation === 'cp' && Number(digits) <= minor
  return (abi === 'none' || abi === `cp3${minor}`) && python === `cp3${minor}`
}

function fitsSystem(platform: string, { system, machine, oldest }: WheelTarget): boolean {
  if (platform === 'any') return true
  const [, mac, macMachine] = /^macosx_(\d+_\d+)_(arm64|universal2)$/.exec(platform) ?? []
  if (mac !== undefined) {
    if (system !== 'darwin' || (macMachine !== 'universal2' && macMachine !== machine)) return false
    return oldest === undefined || !isOlderVersion(oldest, mac.replace('_', '.'))
  }
  const [, glibc, linuxMachine] =
    /^(?:manylinux_(2_\d+)|manylinux(?:1|2010|2014)|linux)_(\w+)$/.exec(platform) ?? []
  if (system !== 'linux' || linuxMachine !== machine) return false
  return oldest === undefined || glibc === undefined || !isOlderVersion(oldest, glibc.replace('_', '.'))
}
