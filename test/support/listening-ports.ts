/** Finds the ports that a process listens on. Only on Linux. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** TCP_LISTEN of Linux. */
const listenState = '0A'

/** Returns the TCP ports that a process listens on. */
export function listeningPorts(processId: number): number[] {
  const inodes = new Set(
    readdirSync(`/proc/${processId}/fd`).flatMap((name) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${processId}/fd/${name}`)) ?? []
      return inode ?? []
    }),
  )
  return ['tcp', 'tcp6'].flatMap((table) => {
    const rows = readFileSync(`/proc/${processId}/net/${table}`, 'utf8').trim().split('\n').slice(1)
    return rows.flatMap((row) => {
      const columns = row.trim().split(/\s+/)
      const [, address = '', , state] = columns
      const isListening = state === listenState && inodes.has(columns[9] ?? '')
      return isListening ? Number.parseInt(address.split(':')[1] ?? '', 16) : []
    })
  })
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // The process has closed it meanwhile.
    return ''
  }
}
