import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { afterAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { scriptCommand } from 'mlx-app/setup'
import { useFolder } from '../../engine/test/engine/support.ts'
import type { ApiEnv } from '../src/context.ts'
import { answerErrors } from '../src/http/failures.ts'
import { page } from '../src/system/page.ts'

const folder = useFolder()

/** The page alone, listening, without a model. */
async function serve(root: string) {
  const api = new OpenAPIHono<ApiEnv>()
  answerErrors(api)
  page(api, { root })
  const server = createAdaptorServer({ fetch: api.fetch })
  afterAll(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
}

const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

describe('the page', async () => {
  const root = join(folder.path, 'built')
  const assets = join(root, 'dist', 'web', 'assets')
  mkdirSync(join(assets, 'folder.js'), { recursive: true })
  writeFileSync(join(root, 'dist', 'web', 'index.html'), '<title>Grüezi</title>')
  writeFileSync(join(root, 'dist', 'secret.js'), 'secret')
  writeFileSync(join(assets, 'index-T7VoWeUi.js'), 'let a = "ü"')
  writeFileSync(join(assets, 'index-O6.css'), 'a{}')
  writeFileSync(join(assets, 'notes.exe'), 'x')
  writeFileSync(join(assets, '.hidden.js'), 'x')
  const ask = await serve(root)

  test('comes with a policy that allows nothing inline, and is asked for each time', async () => {
    const response = await ask('/')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('<title>Grüezi</title>')
    expect(response.headers.get('content-security-policy')).toBe(policy)
    expect(response.headers.get('content-type')).toBe('text/html; charset=UTF-8')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const etag = response.headers.get('etag') ?? ''
    const again = await ask('/', { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    writeFileSync(join(root, 'dist', 'web', 'index.html'), '<title>Hallo</title>')
    const changed = await ask('/', { headers: { 'if-none-match': etag } })
    expect([changed.status, await changed.text()]).toEqual([200, '<title>Hallo</title>'])
  })

  test.each([
    ['index-T7VoWeUi.js', 'text/javascript; charset=utf-8', 'let a = "ü"'],
    ['index-O6.css', 'text/css; charset=utf-8', 'a{}'],
  ])('%s has its type, and is kept for good', async (name, type, text) => {
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
    '/assets/folder.js',
    '/assets/notes.exe',
    '/assets/.hidden.js',
    '/assets/../secret.js',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.js',
    '/assets/..%5c..%5csecret.js',
    '/assets/index-O6.css%00.js',
    '/secret.js',
  ])('%s is not there', async (path) => {
    expect((await ask(path)).status).toBe(404)
  })
})

test('a page that is not built says what to do', async () => {
  const response = await (await serve(join(folder.path, 'empty')))('/')
  expect(response.status).toBe(503)
  expect(await response.text()).toContain(`Run <code>${scriptCommand('build')}</code> in the project`)
})
