/**
 * The system programs that tests start, in all workspaces, and the Debian packages that have them. `npm test` installs
 * what is missing before the first test (scripts/test-programs.ts); a test asks for one by `program` or `needs`.
 *
 * Not listed: what Debian calls essential, so that every Debian has it (sh, bash, tar, sed, cp, mkfifo), and sudo, which
 * nobody can install without being root.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { release } from 'node:os'

export interface ListedProgram {
  packages: readonly string[]
  /** What tests do with it; completes "for". */
  purpose: string
  /** Tests on other systems do without it. */
  linuxOnly?: true
  /** Other programs that do as well. */
  alternatives?: readonly string[]
  /** Variable that names it, before any that is on the PATH. */
  variable?: string
  /** Whether this machine needs it; without this, each does. */
  isWanted?: () => boolean
  /** Whether the one at a path is all that tests need. */
  isComplete?: (path: string) => boolean
}

const listed = {
  git: { packages: ['git'], purpose: 'the repository that a project begins with' },
  curl: { packages: ['curl'], purpose: 'the requests that documents show' },
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
  caddy: { packages: ['caddy'], purpose: 'replicas behind a balancer' },
  promtool: { packages: ['prometheus'], purpose: "Prometheus's own check of the metrics" },
  openssl: { packages: ['openssl'], purpose: 'certificates of a company', linuxOnly: true },
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
    purpose: 'a disk where upper and lower case are the same',
    linuxOnly: true,
  },
  'mount.exfat-fuse': {
    packages: ['exfat-fuse'],
    purpose: 'the same disk, on a kernel without exFAT',
    linuxOnly: true,
    isWanted: () => !kernelReads('exfat'),
  },
} as const satisfies Record<string, ListedProgram>

export type ProgramName = keyof typeof listed

export const programs: Readonly<Record<ProgramName, ListedProgram>> = listed

/** Whether the kernel has a file system, built in or as a module that it loads when one is mounted. */
export function kernelReads(fileSystem: string): boolean {
  const known = readFileSync('/proc/filesystems', 'utf8').split(/\s+/)
  return known.includes(fileSystem) || existsSync(`/lib/modules/${release()}/kernel/fs/${fileSystem}`)
}

/** Debian's own Python comes in parts; any other one has all of them. */
function hasPipAndVenv(path: string): boolean {
  const [, version] = /^\/usr\/bin\/(python3\.\d+)$/.exec(realpathSync(path)) ?? []
  if (version === undefined) return true
  return existsSync(`/usr/lib/${version}/ensurepip`) && existsSync('/usr/lib/python3/dist-packages/pip')
}
