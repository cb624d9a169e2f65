import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * The processes that some processes started, and those that these started. One whose parent has ended is not found any more,
 * so this is to be asked before anything is ended.
 *
 * @returns their ids; none on Windows, where a Ctrl-C reaches all that share a console.
 */
export function descendantsOf(ancestors: readonly number[]): number[] {
  const parents = process.platform === 'linux' ? parentsByProc() : parentsByPs()
  const found = new Set(ancestors)
  // As often as something new is found: ids are in no order of descent.
  for (let before = 0; found.size > before; ) {
    before = found.size
    for (const [id, parent] of parents) if (found.has(parent)) found.add(id)
  }
  return [...found].filter((id) => !ancestors.includes(id))
}

/** The parent of each process. Images for containers often have no ps, so Linux is asked itself. */
function parentsByProc(): [id: number, parent: number][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const status = readFileSync(`/proc/${name}/stat`, 'utf8')
        // `4711 (name, which may hold anything) S 4242 ...`
        const [, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ')
        return [[Number(name), Number(parent)]]
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
}

function parentsByPs(): [id: number, parent: number][] {
  if (process.platform === 'win32') return []
  try {
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    return table.split('\n').map((line) => {
      const [id, parent] = line.trim().split(/ +/)
      return [Number(id), Number(parent)]
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
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    const status = readFileSync(`/proc/${id}/stat`, 'utf8')
    return status[status.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    // It ended between the two looks.
    return false
  }
}
