/** `session` and `net`. Chromium can't ask the shim about permissions, so that the handlers are never called. */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
}

export const session = {
  defaultSession: {
    setPermissionRequestHandler(_handler: unknown): void {},
    setPermissionCheckHandler(_handler: unknown): void {},
    setDevicePermissionHandler(_handler: unknown): void {},
    setDisplayMediaRequestHandler(_handler: unknown): void {},
    setSpellCheckerEnabled(_enabled: boolean): void {},
  },
}

export const net = {
  /** Like `fetch` of Node, which also reads `file:` addresses. */
  async fetch(input: string | Request, init?: RequestInit): Promise<Response> {
    const address = typeof input === 'string' ? input : input.url
    if (!address.startsWith('file:')) return fetch(input, init)
    const url = new URL(address)
    const type = contentTypes[extname(url.pathname)] ?? 'application/octet-stream'
    return new Response(await readFile(url), { headers: { 'content-type': type } })
  },
}
