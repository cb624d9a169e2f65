import type { ServerResponse } from 'node:http'
import { type Hub, startHub } from '../engine/hub.ts'
import { helloDirectory } from '../engine/support.ts'

export const model = 'somebody/hello-mlx'

const slowBytes = 4_000_000
const pieceBytes = 160_000
const slowFile = 'vocab.txt'

export interface SlowHub extends Hub {
  /** Resolves when the next piece of the slow file may be sent. Without it, the file is sent at full speed. */
  pace: (() => Promise<void>) | undefined
}

/** Starts a hub with the hello model and a file that it sends in pieces of 4 %; 4.2 MB in total. */
export async function startSlowHub(): Promise<SlowHub> {
  const file = Buffer.alloc(slowBytes, 'v')
  const hub: SlowHub = Object.assign(await startHub(model, helloDirectory, { [slowFile]: file }), {
    pace: undefined,
  })
  const send = async (response: ServerResponse, from: number) => {
    for (let sent = from; sent < slowBytes && !response.destroyed; sent += pieceBytes) {
      response.write(file.subarray(sent, sent + pieceBytes))
      await hub.pace?.()
    }
    response.end()
  }
  hub.trouble = (request, response, path) => {
    if (hub.pace === undefined || request.method !== 'GET' || !path.endsWith(slowFile)) return false
    const sent = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(sent > 0 ? 206 : 200, { 'Content-Length': slowBytes - sent })
    void send(response, sent)
    return true
  }
  return hub
}
