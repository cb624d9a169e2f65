import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../packages/engine/test/engine/free-port.ts'
import { type HttpClient, httpClient } from './http-client.ts'
import { python } from './workspace.ts'

/** A running mlx_lm.server with one model. */
export interface MlxLmServer extends HttpClient, AsyncDisposable {
  pid: number
}

/** Starts the server on a free port and waits until it listens. */
export async function startMlxLmServer(workspace: string, model: string): Promise<MlxLmServer> {
  // An empty cache, because the server lists all models in it.
  const cache = join(workspace, 'empty-cache')
  await mkdir(join(cache, 'hub'), { recursive: true })
  const port = await freePort()
  const child = spawn(python, ['-m', 'mlx_lm', 'server', '--model', model, '--port', String(port)], {
    env: { ...process.env, HF_HOME: cache, HF_HUB_CACHE: join(cache, 'hub'), HF_HUB_OFFLINE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exit = once(child, 'exit')
  const log: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes('Starting httpd')) resolve()
      log.push(line)
    })
    exit.then(() => reject(new Error(`mlx_lm.server exited: ${log.slice(-20).join('\n')}`)))
  })
  const { pid } = child
  if (pid === undefined) throw new Error('mlx_lm.server did not start.')
  return {
    pid,
    ...httpClient(`http://127.0.0.1:${port}/v1`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
