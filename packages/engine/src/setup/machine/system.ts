import { readFileSync } from 'node:fs'
import { execa } from 'execa'

/** The facts about a machine that decide how Python can be set up. It is plain data, so tests can describe any machine. */
export interface System {
  platform: NodeJS.Platform
  /** What Node.js was built for, such as arm64 or x64. */
  architecture: string
  /** Whether Node.js is an Intel build that runs on Apple silicon under Rosetta. */
  translated: boolean
  /** Such as 14.5; macOS only. */
  macosVersion?: string
  /** Such as 2.36; undefined on Linux with another C library, such as Alpine's musl. */
  glibcVersion?: string
  /** ID and ID_LIKE of /etc/os-release, such as debian, fedora or arch; Linux only. */
  distributions: string[]
}

/** Describes this machine. */
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

/** Returns the distributions named in the text of an os-release file, most specific first. */
export function parseDistributions(osRelease: string): string[] {
  const value = (key: string) =>
    new RegExp(`^${key}=(.*)$`, 'm').exec(osRelease)?.[1]?.replaceAll('"', '').split(' ') ?? []
  return [...value('ID'), ...value('ID_LIKE')].filter((name) => name !== '')
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    // Without the file, users get the general advice instead of that for their distribution.
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
