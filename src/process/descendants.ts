import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

interface Process {
  id: number
  parent: number
  /** Whether it has the mark in its environment. */
  isMarked: boolean
}

/**
 * The processes that some processes started, and those that these started. One whose parent has ended is the child of
 * nobody that is known, so on Linux those are found too that have a variable in their environment.
 *
 * @param mark `NAME=value` that only they have.
 * @returns their ids; none on Windows, where a Ctrl-C reaches all that share a console.
 */
export function descendantsOf(ancestors: readonly number[], mark: string): number[] {
  const processes = process.platform === 'linux' ? processesByProc(mark) : processesByPs()
  const found = new Set([...ancestors, ...processes.filter(({ isMarked }) => isMarked).map(({ id }) => id)])
  // As often as something new is found: ids are in no order of descent.
  for (let before = 0; found.size > before; ) {
    before = found.size
    for (const { id, parent } of processes) if (found.has(parent)) found.add(id)
  }
  return [...found].filter((id) => !ancestors.includes(id))
}

/** Images for containers often have no ps, so Linux is asked itself. */
function processesByProc(mark: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = statusOf(name)
        const isMarked = environmentOf(name).split('\0').includes(mark)
        return [{ id: Number(name), parent: Number(parent), isMarked }]
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
}

/** What Linux tells of a process after its name, which may hold anything: `S 4242 ...`, its state and its parent. */
function statusOf(id: number | string): string[] {
  const status = readFileSync(`/proc/${id}/stat`, 'utf8')
  return status.slice(status.lastIndexOf(')') + 2).split(' ')
}

function environmentOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/environ`, 'utf8')
  } catch {
    // Of another user.
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
    // No ps: the command that was started is ended, and ends its own as well as it can.
    return []
  }
}

/** Whether a process is there and has not ended: a zombie has, and waits for nothing but its parent. */
export function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return process.platform !== 'linux' || statusOf(id)[0] !== 'Z'
  } catch {
    // There is none, or it ended between the two looks.
    return false
  }
}
