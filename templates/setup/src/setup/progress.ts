import type { LoadProgress } from '#engine'
import { formatBytes } from './format.ts'

const verbs = { download: 'Downloading', verify: 'Checking', load: 'Loading' }

/**
 * Shows progress in bytes: one line that is written over on a terminal, elsewhere a new line for every tenth.
 *
 * @returns `show` for each event; `end` leaves the last line standing.
 */
export function progressLines(stream: NodeJS.WriteStream): {
  show: (progress: LoadProgress) => void
  end: () => void
} {
  let last = ''
  return {
    show: (progress) => {
      const key = stream.isTTY ? describe(progress) : `${progress.stage} ${tenth(progress)}`
      if (key === last) return
      last = key
      if (stream.isTTY) stream.write(`\r\x1b[K${describe(progress)}`)
      else stream.write(`${describe(progress)}\n`)
    },
    end: () => {
      if (stream.isTTY && last !== '') stream.write('\n')
    },
  }
}

function describe({ stage, loadedBytes, totalBytes }: LoadProgress): string {
  const loaded = `${verbs[stage]} ${formatBytes(loadedBytes)}`
  if (totalBytes === 0) return loaded
  return `${loaded} of ${formatBytes(totalBytes)} (${Math.floor((loadedBytes / totalBytes) * 100)} %)`
}

function tenth({ loadedBytes, totalBytes }: LoadProgress): number {
  return totalBytes === 0 ? 0 : Math.floor((loadedBytes / totalBytes) * 10)
}
