import { totalmem } from 'node:os'

/** What decisions depend on, as data, so that every platform can be tested on any other. */
export interface Machine {
  platform: NodeJS.Platform
  architecture: string
  /** The memory that this process may use: the machine's, or its container's limit if that is lower. */
  readonly memoryBytes: number
  /** Version of Node, without the `v`. */
  nodeVersion: string
}

/** Describes the machine that this runs on. */
export function describeMachine(): Machine {
  return {
    platform: process.platform,
    architecture: process.arch,
    // A getter, because it reads files of the system.
    get memoryBytes() {
      const limit = process.constrainedMemory()
      const total = totalmem()
      return limit > 0 && limit < total ? limit : total
    },
    nodeVersion: process.versions.node,
  }
}

/** Whether MLX runs on a machine: on Apple silicon (not under Rosetta, which looks like an Intel Mac) and on Linux. */
export function canRunMlx(machine: Pick<Machine, 'platform' | 'architecture'>): boolean {
  if (machine.platform === 'darwin') return machine.architecture === 'arm64'
  return machine.platform === 'linux' && ['x64', 'arm64'].includes(machine.architecture)
}

/** Returns why MLX can't run on a machine, and what to do about it; undefined if it can. */
export function unsupportedReason(machine: Pick<Machine, 'platform' | 'architecture'>): string | undefined {
  if (canRunMlx(machine)) return undefined
  if (machine.platform === 'win32') return 'MLX does not run on Windows. Use WSL, and run the setup there.'
  if (machine.platform === 'darwin') {
    return 'MLX needs Apple silicon. If this Mac has it, Node runs under Rosetta: install Node for arm64.'
  }
  return `MLX does not run on ${machine.platform} ${machine.architecture}. It needs Apple silicon or Linux (x64, arm64).`
}

/** Returns why a project can't be installed with this Node, and what to do about it; undefined if it can. */
export function oldNodeReason(
  { nodeVersion }: Pick<Machine, 'nodeVersion'>,
  oldest: `${number}.${number}` | undefined,
): string | undefined {
  if (oldest === undefined) return undefined
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return `It needs Node ${oldest} or newer, and this is Node ${nodeVersion}. Install a newer Node first.`
}

/** Returns a line about a Node that is out of support; undefined for others. Node 20 ended in April 2026. */
export function hintAboutNode(machine: Pick<Machine, 'nodeVersion'>): string | undefined {
  return machine.nodeVersion.startsWith('20.')
    ? `Node ${machine.nodeVersion} works, but Node 20 has been out of support since April 2026. Consider Node 24.`
    : undefined
}
