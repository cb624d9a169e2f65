import { readFileSync } from 'node:fs'
import { execa } from 'execa'

/** What of this machine decides how Python can be set up. Plain data, so that every machine can be tested as one. */
export interface System {
  platform: NodeJS.Platform
  /** What Node was built for: arm64, x64, ... */
  architecture: string
  /** Node is an Intel build that runs on Apple silicon through Rosetta. */
  translated: boolean
  /** For example 14.5; macOS only. */
  macosVersion?: string
  /** For example 2.36; undefined on Linux with another C library, such as Alpine's musl. */
  glibcVersion?: string
  /** ID and ID_LIKE of /etc/os-release: debian, fedora, arch, ...; Linux only. */
  distributions: string[]
}

/** Describes the machine that this runs on. */
export async function describeSystem(): Promise<System> {
  const system: System = {
    platform: process.platform,
    architecture: process.arch,
    translated: false,
    distributions: [],
  }
  if (process.platform === 'darwin') {
    const version = await firstLine('sw_vers', ['-productVersion'])
    if (version !== '') system.macosVersion = version
    system.translated = (await firstLine('sysctl', ['-n', 'sysctl.proc_translated'])) === '1'
  }
  if (process.platform === 'linux') {
    const version = glibcVersion(process.report.getReport())
    if (version !== undefined) system.glibcVersion = version
    system.distributions = parseDistributions(readOsRelease())
  }
  return system
}

function glibcVersion(report: object): string | undefined {
  if (!('header' in report) || typeof report.header !== 'object' || report.header === null) return undefined
  const { header } = report
  if (!('glibcVersionRuntime' in header)) return undefined
  return typeof header.glibcVersionRuntime === 'string' ? header.glibcVersionRuntime : undefined
}

/** The names in an os-release file, most specific first. */
export function parseDistributions(osRelease: string): string[] {
  const value = (key: string) =>
    new RegExp(`^${key}=(.*)$`, 'm').exec(osRelease)?.[1]?.replaceAll('"', '').split(' ') ?? []
  return [...value('ID'), ...value('ID_LIKE')].filter((name) => name !== '')
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    // Without it the general advice is given instead of that of a distribution.
    return ''
  }
}

async function firstLine(command: string, commandArguments: string[]): Promise<string> {
  const { stdout } = await execa(command, commandArguments, {
    reject: false,
    stderr: 'ignore',
    timeout: 5_000,
  })
  return (stdout ?? '').split('\n')[0]?.trim() ?? ''
}
