import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type HttpClient, httpClient } from './http-client.ts'

/** A running server of a created project. */
export interface OurServer extends HttpClient, AsyncDisposable {
  url: string
  /** The process id of Node. The worker is its child. */
  pid: number
}

/** Starts the built server with one model and waits until it is ready. */
export async function startOurServer(project: string, model: string): Promise<OurServer> {
  const child = spawn(process.execPath, [join(project, 'dist', 'main.js')], {
    env: {
      ...process.env,
      MLX_MODEL: model,
      PORT: '0',
      LOG_LEVEL: 'warn',
      STREAMS_PER_KEY: '1000',
      QUEUE_LIMIT: '1000',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const address = /http:\S+/.exec(line)?.[0]
      if (address !== undefined) resolve(address)
    })
    exit.then(() => reject(new Error('The server exited.')))
  })
  while ((await fetch(`${url}/ready`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50))
  const { pid } = child
  if (pid === undefined) throw new Error('The server did not start.')
  return {
    url,
    pid,
    ...httpClient(`${url}/v1`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exit
    },
  }
}
