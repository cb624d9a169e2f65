import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, startServer } from 'mlx-app-server'
import { afterAll, beforeAll } from 'vitest'
import { createOwnApp } from '../../src/app.ts'

/** Starts this project's server for the tests in a file, with its own keys. @returns an object with its URL. */
export function useServer(): { readonly url: string } {
  const folder = mkdtempSync(join(tmpdir(), 'server-'))
  const settings = readSettings({ PORT: '0', LOG_LEVEL: 'silent', KEYS_FILE: join(folder, 'keys.json') })
  let server: Awaited<ReturnType<typeof startServer>> | undefined
  beforeAll(async () => {
    server = await startServer(settings, { app: createOwnApp })
    await server.ready
  })
  afterAll(async () => {
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    get url() {
      if (server === undefined) throw new Error('The server has not started yet.')
      return server.url
    },
  }
}
