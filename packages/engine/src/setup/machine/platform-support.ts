import { EngineError } from '../../engine/index.ts'
import type { System } from './system.ts'

/** Something that can't be done on this machine, and what can be done about it. */
export interface Refusal {
  reason: string
  /** The next steps, each a command or a sentence; the first that fits is the one to take. */
  next: string[]
}

/** The oldest systems that MLX's wheels run on, by their names: macosx_14_0, manylinux_2_35. */
export const oldestMacos = 14
export const oldestGlibc = '2.35'

/** What works on every machine: only the set-up needs MLX. */
const elsewhere =
  "Or let another machine compute: createEngine({ baseUrl: 'http://HOST:PORT/v1' }) needs no Python here"

/** Why MLX has no build for a machine; undefined when it has one. */
export function unsupported(system: System): Refusal | undefined {
  switch (system.platform) {
    case 'darwin':
      return checkMac(system)
    case 'linux':
      return checkLinux(system)
    case 'win32':
      return {
        reason: 'MLX has no build for Windows itself.',
        next: [
          'wsl --install',
          'Then, in the terminal of WSL: install Node and run the set-up of this project there',
          elsewhere,
        ],
      }
    default:
      return {
        reason: `MLX has no build for ${system.platform}.`,
        next: ['Use a Mac with Apple silicon, or Linux', elsewhere],
      }
  }
}

function checkMac(system: System): Refusal | undefined {
  if (system.translated) {
    return {
      reason:
        'This Node is an Intel build that runs through Rosetta, and everything that it starts does too.',
      next: [
        'Install Node for Apple silicon (brew install node in a terminal that is not opened with Rosetta)',
        'node -p process.arch   must print arm64; then delete node_modules and install again',
      ],
    }
  }
  if (system.architecture !== 'arm64') {
    return {
      reason: 'MLX needs a Mac with Apple silicon; this one has an Intel processor.',
      next: ['Use a Mac with Apple silicon, or Linux (x86_64 or aarch64)', elsewhere],
    }
  }
  if (system.macosVersion !== undefined && Number.parseInt(system.macosVersion, 10) < oldestMacos) {
    return {
      reason: `MLX needs macOS ${oldestMacos} or newer; this is ${system.macosVersion}.`,
      next: ['softwareupdate --install --all'],
    }
  }
  return undefined
}

function checkLinux(system: System): Refusal | undefined {
  if (system.architecture !== 'x64' && system.architecture !== 'arm64') {
    return {
      reason: `MLX has builds for x86_64 and aarch64; this is ${system.architecture}.`,
      next: ['Use a 64-bit Intel, AMD or ARM machine, with a 64-bit Node'],
    }
  }
  if (system.glibcVersion === undefined || isOlderVersion(system.glibcVersion, oldestGlibc)) {
    const found =
      system.glibcVersion === undefined ? 'another C library (musl?)' : `glibc ${system.glibcVersion}`
    return {
      reason: `MLX needs Linux with glibc ${oldestGlibc} or newer; this has ${found}.`,
      next: ['Use Debian 12, Ubuntu 22.04, Fedora 36 or anything newer, also as a container'],
    }
  }
  return undefined
}

/** Compares versions such as 2.9 and 2.35 part by part. */
export function isOlderVersion(version: string, than: string): boolean {
  const parts = version.split('.').map(Number)
  const others = than.split('.').map(Number)
  for (const [index, other] of others.entries()) {
    const part = parts[index] ?? 0
    if (part !== other) return part < other
  }
  return false
}

/** A refusal as the error to end with. */
export function refusalError({ reason, next }: Refusal): EngineError {
  return new EngineError('PYTHON_NOT_FOUND', reason, {
    hint: `Next:\n${next.map((line) => `  ${line}`).join('\n')}`,
  })
}
