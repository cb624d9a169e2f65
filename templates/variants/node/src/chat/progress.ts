import type { LoadProgress } from '#engine'
import { formatBytes } from './text.ts'

/** Milliseconds between two drawings: often enough to be seen moving. */
const leastPauseMs = 100

export interface Progress {
  update(progress: LoadProgress): void
  /** Wipes the line. */
  end(): void
}

/**
 * Shows how far a model is on one line of a terminal. Elsewhere (a log, a pipe) only a download is told, once,
 * because it can take long.
 */
export function showProgress(stream: NodeJS.WriteStream, beginning: string): Progress {
  if (!stream.isTTY) return tellDownload(stream)
  let drawnAt = 0
  const draw = (text: string) => {
    drawnAt = performance.now()
    // One column stays free: a full line makes some terminals wrap.
    stream.write(`\r\u001b[K${text.slice(0, Math.max(0, stream.columns - 1))}`)
  }
  const end = () => {
    if (drawnAt > 0) stream.write('\r\u001b[K')
    drawnAt = 0
    process.off('exit', end)
  }
  process.once('exit', end)
  draw(`${beginning} …`)
  return {
    update: (progress) => {
      const over = progress.loadedBytes === progress.totalBytes
      if (over || performance.now() - drawnAt >= leastPauseMs) draw(describe(progress))
    },
    end,
  }
}

function tellDownload(stream: NodeJS.WriteStream): Progress {
  let told = false
  return {
    update: ({ stage, totalBytes }) => {
      if (told || stage !== 'download' || totalBytes === 0) return
      told = true
      stream.write(`Downloading the model, ${formatBytes(totalBytes)} …\n`)
    },
    end: () => undefined,
  }
}

function describe({ stage, loadedBytes, totalBytes }: LoadProgress): string {
  const verb = stage === 'download' ? 'Downloading' : 'Loading'
  if (totalBytes === 0) return `${verb} ${formatBytes(loadedBytes)}`
  const percent = Math.floor((loadedBytes / totalBytes) * 100)
  return `${verb} ${percent} %  ${formatBytes(loadedBytes)} of ${formatBytes(totalBytes)}`
}
