import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

interface Process {
  id: number
  parent: number
  /** Whether the mark is in its environment. */
  isMarked: boolean
}

/**
 * Returns the ids of all processes that descend from some processes. A process whose parent has ended can't be traced
 * back, so on Linux processes that have a mark in their environment are found too. Returns none on Windows, where
 * Ctrl-C reaches every process of the console.
 *
 * @param mark `NAME=value`, an environment variable that only descendants have.
 */
export function descendantsOf(ancestors: readonly number[], mark: string): number[] {
  const processes = process.platform === 'linux' ? processesByProc(mark) : processesByPs()
  const found = new Set([...ancestors, ...processes.filter(({ isMarked }) => isMarked).map(({ id }) => id)])
  // Repeated until nothing new is found, because parents may be listed after their children.
  for (let before = 0; found.size > before; ) {
    before = found.size
    for (const { id, parent } of processes) if (found.has(parent)) found.add(id)
  }
  return [...found].filter((id) => !ancestors.includes(id))
}

/** Reads /proc, because container images often have no ps. */
function processesByProc(mark: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = statusOf(name)
        const isMarked = environmentOf(name).split('\0').includes(mark)
        return [{ id: Number(name), parent: Number(parent), isMarked }]
      } catch {
        // The process has ended in the meantime.
        return []
      }
    })
}

/**
 * Returns the fields of /proc/ID/stat that follow the name: state, parent (`S 4242 ...`). The name itself may contain
 * anything.
 */
function statusOf(id: number | string): string[] {
  const status = readFileSync(`/proc/${id}/stat`, 'utf8')
  return status.slice(status.lastIndexOf(')') + 2).split(' ')
}

function environmentOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/environ`, 'utf8')
  } catch {
    // It belongs to another user.
    return ''
  }
}

function processesByPs(): Process[] {
  if (process.platform === 'win32') return []
  try {
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    return table.split('\n').map((line) => {
      const [id, parent] = line.trim().split(/ +/)
      return { id: Number(id), parent: Number(parent), isMarked: false }
    })
  } catch {
    // There is no ps: only the command itself is ended, and it ends its children as well as it can.
    return []
  }
}

/** Whether a process is running. A zombie is not: it has ended, and only waits for its parent. */
export function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return process.platform !== 'linux' || statusOf(id)[0] !== 'Z'
  } catch {
    // There is no such process, or it ended between the two calls.
    return false
  }
}
