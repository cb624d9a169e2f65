/**
 * The system programs that tests in all workspaces start, and their Debian packages. `npm test` installs missing ones before the
 * first test (scripts/test-programs.ts). Tests use them with `program` or `needs`.
 *
 * Not listed are essential packages, which every Debian has (sh, bash, tar, sed, cp, mkfifo), and sudo, which only root can
 * install.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { release } from 'node:os'

export interface ListedProgram {
  packages: readonly string[]
  /** What tests use the program for. Completes a sentence that ends in "for". */
  purpose: string
  /** Set if tests on other systems don't need the program. */
  linuxOnly?: true
  /** Other programs that can be used instead. */
  alternatives?: readonly string[]
  /** A variable with the path of the program, which takes precedence over the PATH. */
  variable?: string
  /** Whether this machine needs the program. By default every machine does. */
  isWanted?: () => boolean
  /** Whether the program at a path has everything that tests need. */
  isComplete?: (path: string) => boolean
}

const listed = {
  git: { packages: ['git'], purpose: 'the repositories of projects' },
  curl: { packages: ['curl'], purpose: 'the requests in documents' },
  ps: { packages: ['procps'], purpose: 'finding the worker of a server' },
  python3: {
    packages: ['python3', 'python3-pip', 'python3-venv'],
    purpose: 'MLX, and setting up projects',
    isComplete: hasPipAndVenv,
  },
  chromium: {
    packages: ['chromium'],
    purpose: 'pages in a browser',
    alternatives: ['google-chrome'],
    variable: 'CHROMIUM_PATH',
  },
  Xvfb: { packages: ['xvfb'], purpose: 'windows of desktop apps', linuxOnly: true },
  caddy: { packages: ['caddy'], purpose: 'load balancing' },
  ruby: { packages: ['ruby'], purpose: 'the syntax of Homebrew formulae' },
  promtool: { packages: ['prometheus'], purpose: 'checking metrics' },
  openssl: { packages: ['openssl'], purpose: 'certificates', linuxOnly: true },
  ip: { packages: ['iproute2'], purpose: 'networks without a way out', linuxOnly: true },
  unshare: { packages: ['util-linux'], purpose: 'networks without a way out', linuxOnly: true },
  nsenter: { packages: ['util-linux'], purpose: 'networks without a way out', linuxOnly: true },
  mount: { packages: ['mount'], purpose: 'disks with a fault or a limit', linuxOnly: true },
  umount: { packages: ['mount'], purpose: 'disks with a fault or a limit', linuxOnly: true },
  losetup: { packages: ['mount'], purpose: 'disks with a fault or a limit', linuxOnly: true },
  'mkfs.btrfs': { packages: ['btrfs-progs'], purpose: 'a disk with a quota', linuxOnly: true },
  btrfs: { packages: ['btrfs-progs'], purpose: 'a disk with a quota', linuxOnly: true },
  'mkfs.exfat': {
    packages: ['exfatprogs'],
    purpose: 'case-insensitive disks',
    linuxOnly: true,
  },
  'mount.exfat-fuse': {
    packages: ['exfat-fuse'],
    purpose: 'case-insensitive disks on kernels without exFAT',
    linuxOnly: true,
    isWanted: () => !kernelReads('exfat'),
  },
} as const satisfies Record<string, ListedProgram>

export type ProgramName = keyof typeof listed

export const programs: Readonly<Record<ProgramName, ListedProgram>> = listed

/** Whether the kernel supports a file system, built in or as a module. */
export function kernelReads(fileSystem: string): boolean {
  const known = readFileSync('/proc/filesystems', 'utf8').split(/\s+/)
  return known.includes(fileSystem) || existsSync(`/lib/modules/${release()}/kernel/fs/${fileSystem}`)
}

/** Whether Python has pip and venv. Debian splits its own Python into packages. */
function hasPipAndVenv(path: string): boolean {
  const [, version] = /^\/usr\/bin\/(python3\.\d+)$/.exec(realpathSync(path)) ?? []
  if (version === undefined) return true
  return existsSync(`/usr/lib/${version}/ensurepip`) && existsSync('/usr/lib/python3/dist-packages/pip')
}
