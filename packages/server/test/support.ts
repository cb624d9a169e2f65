import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { EngineOptions } from 'mlx-app'
import { pino } from 'pino'
import { afterAll, beforeAll } from 'vitest'
import { readSettings } from '../src/settings.ts'
import { type RunningServer, type StartOptions, startServer } from '../src/start.ts'

/** The keys of whoever runs the tests are not theirs. */
export const noKeys = join(import.meta.dirname, 'there-are-no-keys.json')

export interface TestServer extends RunningServer {
  /** The lines of the log so far. */
  logLines: string[]
  /** Sends a body as JSON. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
}

/** Starts a server on a port of the system's choice, with its model in memory. The device is the CPU, where texts repeat. */
export async function openServer(...options: Parameters<typeof beginServer>): Promise<TestServer> {
  const server = await beginServer(...options)
  await server.ready
  return server
}

/** Starts a server whose model is still being loaded. */
export async function beginServer(
  environment: NodeJS.ProcessEnv = {},
  engine: EngineOptions = {},
  options: Omit<StartOptions, 'log' | 'engine'> = {},
): Promise<TestServer> {
  const logLines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk).trimEnd())
      done()
    },
  })
  const settings = readSettings({ PORT: '0', LOG_LEVEL: 'debug', KEYS_FILE: noKeys, ...environment })
  const log = pino({ level: settings.logLevel }, sink)
  const server = await startServer(settings, { ...options, log, engine: { device: 'cpu', ...engine } })
  return {
    ...server,
    logLines,
    post: (path, body, init) =>
      fetch(server.url + path, {
        method: 'POST',
        body: JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', ...init?.headers },
      }),
  }
}

/** One server for all tests of a file. */
export function useServer(...options: Parameters<typeof beginServer>): { readonly server: TestServer } {
  let started: TestServer | undefined
  beforeAll(async () => {
    started = await openServer(...options)
  })
  afterAll(async () => {
    await started?.cut()
  })
  return {
    get server() {
      if (started === undefined) throw new Error('The server is there once the tests run.')
      return started
    },
  }
}
