import { EngineError } from '../../engine/index.ts'
import type { System } from './system.ts'
import { isOlderVersion } from './versions.ts'

/** Why setup is not possible on this machine, and what the user can do about it. */
export interface Refusal {
  reason: string
  /** The next steps, each a command or a sentence, best first. */
  next: string[]
}

/** The oldest macOS and glibc that MLX's wheels support, taken from their names: macosx_14_0, manylinux_2_35. */
export const oldestSystems = { darwin: '14.0', linux: '2.35' } as const
const oldestMacos = Number.parseInt(oldestSystems.darwin, 10)
const oldestGlibc = oldestSystems.linux

/** What works on every machine: the engine for a server elsewhere needs neither MLX nor Python. */
const remoteEngineHint =
  "Or use a server on another machine: createEngine({ baseUrl: 'http://HOST:PORT/v1' }) needs no Python here"

/** Returns why MLX does not support a system, or undefined if it does. */
export function checkPlatform(system: System): Refusal | undefined {
  switch (system.platform) {
    case 'darwin':
      return checkMac(system)
    case 'linux':
      return checkLinux(system)
    case 'win32':
      return {
        reason: 'MLX does not support Windows directly.',
        next: [
          'wsl --install',
          'Then open a WSL terminal, install Node.js there and run the setup of this project',
          remoteEngineHint,
        ],
      }
    default:
      return {
        reason: `MLX does not support ${system.platform}.`,
        next: ['Use a Mac with Apple silicon, or Linux', remoteEngineHint],
      }
  }
}

function checkMac(system: System): Refusal | undefined {
  if (system.translated) {
    return {
      reason:
        'This Node.js is an Intel build that runs under Rosetta, and so do the programs that it starts.',
      next: [
        'Install Node.js for Apple silicon (brew install node, in a terminal that does not use Rosetta)',
        'node -p process.arch   must print arm64; then delete node_modules and install again',
      ],
    }
  }
  if (system.architecture !== 'arm64') {
    return {
      reason: 'MLX needs a Mac with Apple silicon; this one has an Intel processor.',
      next: ['Use a Mac with Apple silicon, or Linux (x86_64 or aarch64)', remoteEngineHint],
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
      reason: `MLX supports x86_64 and aarch64; this machine is ${system.architecture}.`,
      next: ['Use a 64-bit Intel, AMD or ARM machine, with a 64-bit Node.js'],
    }
  }
  if (system.glibcVersion === undefined || isOlderVersion(system.glibcVersion, oldestGlibc)) {
    const found =
      system.glibcVersion === undefined ? 'another C library (musl?)' : `glibc ${system.glibcVersion}`
    return {
      reason: `MLX needs Linux with glibc ${oldestGlibc} or newer; this system has ${found}.`,
      next: ['Use Debian 12, Ubuntu 22.04, Fedora 36 or newer, for example in a container'],
    }
  }
  return undefined
}

/** Returns the error that ends a setup with this refusal. */
export function refusalError({ reason, next }: Refusal): EngineError {
  return new EngineError('PYTHON_NOT_FOUND', reason, {
    hint: `To fix this:\n${next.map((line) => `  ${line}`).join('\n')}`,
  })
}
