import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { findInterpreter, findProject } from '../../src/engine/project/index.ts'
import { freePort } from './free-port.ts'
import { helloDirectory } from './support.ts'

export interface MlxLmServer {
  readonly baseUrl: string
  /** Ends it at once, as when the machine goes away. */
  kill: () => Promise<unknown>
}

/**
 * The real `mlx_lm.server` with the hello model, on a free port, for the tests of a file; with several ranks the model
 * is sharded over as many processes by `mlx.launch`.
 *
 * @param folder an empty one: it takes the place of the Hugging Face cache, which the server lists
 */
export function useMlxLmServer(folder: string, ranks = 1): MlxLmServer {
  const launched: ChildProcess[] = []
  let baseUrl: string | undefined
  beforeAll(async () => {
    mkdirSync(join(folder, 'hub'), { recursive: true })
    for (let attempt = 1; baseUrl === undefined; attempt += 1) {
      const port = await freePort()
      // The ranks listen on this port and those behind it.
      const server = launch(folder, port, ranks, await freePort())
      launched.push(server)
      const failure = await started(server)
      if (failure === undefined) baseUrl = `http://127.0.0.1:${port}/v1`
      // Somebody else may have taken the port in between.
      else if (attempt === 3 || !failure.includes('in use')) throw new Error(failure)
    }
  })
  const kill = () => Promise.all(launched.map(stop))
  afterAll(kill)
  return {
    kill,
    get baseUrl() {
      if (baseUrl === undefined) throw new Error('The server is there once the tests run.')
      return baseUrl
    },
  }
}

function launch(folder: string, port: number, ranks: number, ring: number): ChildProcess {
  const { python } = findInterpreter(findProject(import.meta.dirname))
  const server = ['-m', 'mlx_lm', 'server', '--model', helloDirectory, '--port', String(port)]
  // mlx.launch, by its module: its script is not beside every interpreter.
  const launcher = ['-c', 'from mlx._distributed_utils.launch import main; main()']
  const shard = ['-n', String(ranks), '--backend', 'ring', '--starting-port', String(ring), '--', python]
  return spawn(python, ranks === 1 ? server : [...launcher, ...shard, ...server], {
    env: { ...process.env, HF_HOME: folder, HF_HUB_CACHE: join(folder, 'hub'), HF_HUB_OFFLINE: '1' },
    // A group of its own, so that the ranks end with their launcher.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Undefined once the server listens; what it wrote, if it ended before. */
function started(server: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let log = ''
    const read = (data: Buffer) => {
      log += data.toString()
      // mlx_lm.server writes it when it has the port.
      if (log.includes('Starting httpd')) resolve(undefined)
    }
    server.stdout?.on('data', read)
    server.stderr?.on('data', read)
    server.once('error', reject)
    server.once('exit', () => resolve(log))
  })
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  process.kill(-server.pid, 'SIGKILL')
  await gone
}
