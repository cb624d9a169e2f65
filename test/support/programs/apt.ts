/** Runs Debian's apt-get quietly and without prompts, and explains why it fails. */
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'

/** A failed installation. The message says what is wrong and what to do. */
export class AptError extends Error {
  override readonly name = 'AptError'
  /** The output of apt-get. */
  readonly output: string

  constructor(message: string, output: string) {
    super(message)
    this.output = output
  }
}

export interface Apt {
  /** The words before apt-get: sudo if this user is not root. */
  before: readonly string[]
  environment: NodeJS.ProcessEnv
  /** How long to wait for another process that uses apt. */
  lockWaitMs: number
  print(line: string): void
}

const lockPollMs = 1000

/**
 * Installs the Debian packages that exist.
 *
 * @returns the packages that apt-get does not know.
 * @throws AptError if the installation fails.
 */
export async function installPackages(apt: Apt, packages: readonly string[]): Promise<string[]> {
  // This also succeeds if some servers did not respond. Then the install fails.
  const updated = await aptGet(apt, ['update'])
  if (updated.exitCode !== 0) throw explained(updated.output)
  const unknown: string[] = []
  for (;;) {
    const known = packages.filter((name) => !unknown.includes(name))
    if (known.length === 0) break
    const { exitCode, output } = await aptGet(apt, ['install', '--yes', '--no-install-recommends', ...known])
    if (exitCode === 0) break
    const more = unknownIn(output).filter((name) => known.includes(name))
    if (more.length === 0 || isOffline(updated.output)) throw explained(`${updated.output}\n${output}`)
    unknown.push(...more)
  }
  return unknown
}

interface Ended {
  exitCode: number | undefined
  output: string
}

/** Runs apt-get, and retries while another process holds its lock. `apt-get update` itself does not wait. */
async function aptGet(apt: Apt, words: readonly string[]): Promise<Ended> {
  const [program = '', ...rest] = [
    ...apt.before,
    ...['env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8', 'apt-get', '--quiet=2', ...words],
  ]
  apt.print(['apt-get', ...words].join(' '))
  const started = performance.now()
  for (let attempt = 1; ; attempt++) {
    const { exitCode, all } = await execa(program, rest, {
      env: apt.environment,
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      all: true,
    })
    const holder = lockHolder(all)
    if (exitCode === 0) apt.print(`  done in ${Math.ceil((performance.now() - started) / 1000)} s`)
    if (exitCode === 0 || holder === undefined || performance.now() - started > apt.lockWaitMs)
      return { exitCode, output: all }
    if (attempt === 1) {
      apt.print(`Waiting for ${holder}, which is using apt, for up to ${lengthOf(apt.lockWaitMs)}.`)
    }
    await setTimeout(Math.min(lockPollMs, apt.lockWaitMs))
  }
}

function explained(output: string): AptError {
  const holder = lockHolder(output)
  if (holder !== undefined) {
    return new AptError(`${holder} is using apt. Wait until it has ended, then run this again.`, output)
  }
  if (/dpkg was interrupted/.test(output)) {
    return new AptError(
      'An earlier installation was interrupted. To finish it: sudo dpkg --configure -a',
      output,
    )
  }
  if (isOffline(output)) {
    return new AptError("apt-get can't reach its servers. Check the network, then run this again.", output)
  }
  return new AptError('apt-get failed. See its output above.', output)
}

/** Returns a description of the process that holds the lock of apt or dpkg, or undefined. */
function lockHolder(output: string): string | undefined {
  if (!/Could not get lock|Unable to (?:acquire the dpkg frontend lock|lock directory)/.test(output))
    return undefined
  const [, id, name] = /held by process (\d+)(?: \(([^)]+)\))?/.exec(output) ?? []
  return id === undefined ? 'Another process' : `${name ?? 'Another program'} (process ${id})`
}

function isOffline(output: string): boolean {
  return /Failed to fetch|Temporary failure resolving|Could not (?:resolve|connect)|Unable to connect/.test(
    output,
  )
}

/** Returns the packages that apt-get could not find. */
function unknownIn(output: string): string[] {
  const sayings = /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/g
  return Array.from(output.matchAll(sayings), ([, absent, empty]) => absent ?? empty ?? '')
}

function lengthOf(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  return minutes === 1 ? '1 minute' : `${minutes} minutes`
}
