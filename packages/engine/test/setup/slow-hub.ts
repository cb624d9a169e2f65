import { type Hub, startHub } from '../engine/hub.ts'
import { helloDirectory } from '../engine/support.ts'

export const model = 'somebody/hello-mlx'

/** Size and speed of the slow file, which takes about five seconds. */
const slowBytes = 4_000_000
const piece = { bytes: 40_000, everyMs: 50 }
const slowFile = 'vocab.txt'

export interface SlowHub extends Hub {
  /** Sends this file at full speed from now on. */
  hurry(): void
}

/** Starts a hub with the hello model and a file that it sends at 0.8 MB/s; 4.2 MB in total. */
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
