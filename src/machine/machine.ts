import { totalmem } from 'node:os'

/** What decisions depend on; described as data, so that every system can be tested on any. */
export interface Machine {
  platform: NodeJS.Platform
  architecture: string
  /** Memory that this process may use: of the machine, or of its container where that is less. */
  readonly memoryBytes: number
  /** Without the `v`. */
  nodeVersion: string
}

export function describeMachine(): Machine {
  return {
    platform: process.platform,
    architecture: process.arch,
    // Looked up when it is needed: it reads files of the system.
    get memoryBytes() {
      const limit = process.constrainedMemory()
      const total = totalmem()
      return limit > 0 && limit < total ? limit : total
    },
    nodeVersion: process.versions.node,
  }
}

/** MLX runs on Apple silicon (not under Rosetta, which looks like an Intel Mac) and on Linux. */
export function canRunMlx(machine: Pick<Machine, 'platform' | 'architecture'>): boolean {
  if (machine.platform === 'darwin') return machine.architecture === 'arm64'
  return machine.platform === 'linux' && ['x64', 'arm64'].includes(machine.architecture)
}

/** Why set-up can't run on this machine, with the way out; undefined where it can. */
export function unsupportedReason(machine: Pick<Machine, 'platform' | 'architecture'>): string | undefined {
  if (canRunMlx(machine)) return undefined
  if (machine.platform === 'win32') return 'MLX does not run on Windows: use WSL, and run the set-up there.'
  if (machine.platform === 'darwin') {
    return 'MLX needs Apple silicon. If this Mac has it, this Node runs under Rosetta: install an arm64 Node.'
  }
  return `MLX does not run on ${machine.platform} ${machine.architecture}: it needs Apple silicon or Linux (x64, arm64).`
}

/** One line about a Node that is out of support, or undefined. Node 20 ended in April 2026. */
export function hintAboutNode(machine: Pick<Machine, 'nodeVersion'>): string | undefined {
  return machine.nodeVersion.startsWith('20.')
    ? `Node ${machine.nodeVersion} works here, but Node 20 has been out of support since April 2026: 24 is a good choice.`
    : undefined
}
