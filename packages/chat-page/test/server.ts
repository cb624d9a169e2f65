import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'vite'
import { serverProgram, workerOf } from '../../server/test/server-program.ts'

export interface PageServer {
  url: string
  /** Finds the process that runs the model, to end it as the system does when there is no memory left. */
  findWorker(): () => void
  close(): Promise<void>
}

const root = join(import.meta.dirname, '..')

/**
 * Builds the page, and starts the server, on any port and with the hello model.
 *
 * @param mcpConfig a file for MCP_CONFIG
 */
export async function startPageServer(mcpConfig = ''): Promise<PageServer> {
  const { NODE_ENV } = process.env
  // Vitest's own `test` would make it a build of React for development.
  process.env.NODE_ENV = 'production'
  await build({ root, logLevel: 'warn' })
  process.env.NODE_ENV = NODE_ENV
  const child = spawn(process.execPath, serverProgram, {
    cwd: root,
    env: { ...process.env, PORT: '0', MLX_MODEL: 'hello', LOG_LEVEL: 'silent', MCP_CONFIG: mcpConfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return {
    url: `${await urlOf(child)}/`,
    findWorker: () => {
      const worker = workerOf({ child })
      if (worker === undefined) throw new Error('The server has no worker.')
      return () => void process.kill(worker, 'SIGKILL')
    },
    close: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('It has no output.')
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\S+/.exec(line)?.[0]
    if (url !== undefined) return url
  }
  throw new Error('The server ended before it listened.')
}
