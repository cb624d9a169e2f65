import { type Hub, startHub } from '../engine/hub.ts'
import { helloDirectory } from '../engine/support.ts'

export const model = 'somebody/hello-mlx'

/** Bytes of the file that comes slowly, and how it comes: some five seconds in all. */
const slowBytes = 4_000_000
const piece = { bytes: 40_000, everyMs: 50 }
const slowFile = 'vocab.txt'

export interface SlowHub extends Hub {
  /** From now on it sends this file too as fast as it can. */
  hurry(): void
}

/** A hub of the hello model and of a file that comes at 0.8 MB/s; 4.2 MB in all. */
export async function startSlowHub(): Promise<SlowHub> {
  const file = Buffer.alloc(slowBytes, 'v')
  const hub = await startHub(model, helloDirectory, { [slowFile]: file })
  hub.trouble = (request, response, path) => {
    if (request.method !== 'GET' || !path.endsWith(slowFile)) return false
    let sent = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(sent > 0 ? 206 : 200, { 'Content-Length': slowBytes - sent })
    const timer = setInterval(() => {
      response.write(file.subarray(sent, sent + piece.bytes))
      sent += piece.bytes
      if (sent >= slowBytes) response.end()
    }, piece.everyMs)
    response.once('close', () => clearInterval(timer))
    response.once('finish', () => clearInterval(timer))
    return true
  }
  return Object.assign(hub, {
    hurry() {
      hub.trouble = () => false
    },
  })
}
