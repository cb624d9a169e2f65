import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { afterAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { useFolder } from '../../engine/test/engine/support.ts'
import { createPageModule } from '../scripts/page-module.ts'
import { addChatPage } from '../src/chat-page.ts'
import type { ApiEnv } from '../src/context.ts'
import { addErrorHandler } from '../src/http/error-handler.ts'
import { getMountPath } from '../src/http/mount-path.ts'
import type { readPageFile } from '../src/page-files.ts'

const folder = useFolder()
const moduleSchema = z.object({
  readPageFile: z.custom<typeof readPageFile>((value) => typeof value === 'function'),
})

/** The module that a package with these files has in the place of `src/page-files.ts`. */
async function moduleOf(name: string, files: Record<string, string | Uint8Array>) {
  const path = join(folder.path, name)
  const bytes = Object.entries(files).map(([file, content]) => [file, Buffer.from(content)] as const)
  writeFileSync(path, createPageModule(new Map(bytes)))
  return moduleSchema.parse(await import(pathToFileURL(path).href)).readPageFile
}

/** The page alone, listening, without a model. */
async function serve(read: typeof readPageFile, prefix = '/') {
  const api = new OpenAPIHono<ApiEnv>()
  addErrorHandler(api)
  api.use((c, next) => {
    c.set('prefix', getMountPath(c))
    return next()
  })
  addChatPage(api, read)
  const server = createAdaptorServer({ fetch: new Hono().route(prefix, api).fetch })
  afterAll(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
}

const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

const files = {
  'index.html': '<title>Grüezi</title>',
  'secret.js': 'secret',
  'assets/index-T7VoWeUi.js': 'let a = "ü", b = `\\n\u2028`',
  'assets/index-O6.css': 'a{}',
  'assets/picture.png': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 255),
  'assets/notes.exe': 'x',
  'assets/.hidden.js': 'x',
}

describe('the page', async () => {
  const shown: Record<string, string | Uint8Array> = { ...files }
  const ask = await serve(async (path) => {
    const content = shown[path]
    return content === undefined ? undefined : new Uint8Array(Buffer.from(content))
  })

  test('has a policy that allows nothing inline, and is revalidated each time', async () => {
    const response = await ask('/')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('<title>Grüezi</title>')
    expect(response.headers.get('content-security-policy')).toBe(policy)
    expect(response.headers.get('content-type')).toBe('text/html; charset=UTF-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const etag = response.headers.get('etag') ?? ''
    const again = await ask('/', { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    shown['index.html'] = '<title>Hallo</title>'
    const changed = await ask('/', { headers: { 'if-none-match': etag } })
    expect([changed.status, await changed.text()]).toEqual([200, '<title>Hallo</title>'])
  })

  test.each([
    ['index-T7VoWeUi.js', 'text/javascript; charset=utf-8', files['assets/index-T7VoWeUi.js']],
    ['index-O6.css', 'text/css; charset=utf-8', 'a{}'],
  ])('%s has its type, and is cached permanently', async (name, type, text) => {
    const response = await ask(`/assets/${name}`)
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      type,
      text,
    ])
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  test.each([
    '/assets/nothing.js',
    '/assets/notes.exe',
    '/assets/.hidden.js',
    '/assets/../secret.js',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.js',
    '/assets/..%5c..%5csecret.js',
    '/assets/index-O6.css%00.js',
    '/secret.js',
  ])('%s is not found', async (path) => {
    expect((await ask(path)).status).toBe(404)
  })
})

test('the published package contains the files, byte for byte', async () => {
  const read = await moduleOf('whole.mjs', files)
  for (const [path, content] of Object.entries(files)) {
    expect([path, Buffer.from((await read(path)) ?? [])]).toEqual([path, Buffer.from(content)])
  }
  for (const path of ['nothing.html', '../secret.js', 'assets']) expect(await read(path)).toBe(undefined)
  // All that it has is in it.
  expect(readFileSync(join(folder.path, 'whole.mjs'), 'utf8')).not.toMatch(/^import|import\(|readFile\(/m)
})

test('at a prefix, its relative URLs point to its files', async () => {
  const ask = await serve(await moduleOf('mounted.mjs', files), '/llm')
  const moved = await ask('/llm', { redirect: 'manual' })
  expect([moved.status, moved.headers.get('location')]).toEqual([302, '/llm/'])
  const shown = await ask('/llm')
  expect([shown.status, await shown.text()]).toEqual([200, '<title>Grüezi</title>'])
  expect(await (await ask('/llm/assets/index-O6.css')).text()).toBe('a{}')
  for (const path of ['/', '/assets/index-O6.css', '/llm/nothing']) expect((await ask(path)).status).toBe(404)
})

test('a page that has not been built says how to build it', async () => {
  const response = await (await serve(async () => undefined))('/')
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('Run <code>npm run build --workspace packages/chat-page</code>')
})
