import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, startServer } from 'mlx-app-server'
import { afterAll, beforeAll } from 'vitest'
import { createOwnApp } from '../../src/app.ts'

/** Starts this project's server for the tests of a file, with keys of its own. @returns an object with its address. */
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
      if (server === undefined) throw new Error('The server is there once the tests run.')
      return server.url
    },
  }
}
