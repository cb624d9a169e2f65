import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { respond } from '../src/main/app-protocol.ts'
import { isPageAddress, pageAddress } from '../src/main/page-address.ts'
import { app } from './support/electron.ts'

vi.mock('electron', () => import('./support/electron.ts'))

const folder = mkdtempSync(join(tmpdir(), 'page-'))
const page = join(folder, 'page')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  app.isPackaged = false
  vi.unstubAllEnvs()
})

beforeAll(() => {
  mkdirSync(join(page, 'assets'), { recursive: true })
  mkdirSync(join(folder, 'page-2'))
  writeFileSync(join(page, 'index.html'), '<p>The page</p>')
  writeFileSync(join(page, 'assets', 'a b.js'), 'let a')
  writeFileSync(join(page, 'notes.txt'), 'no type')
  writeFileSync(join(folder, 'secret.html'), 'secret')
  writeFileSync(join(folder, 'page-2', 'secret.html'), 'secret')
})

test('serves the files of the page with a strict Content-Security-Policy', async () => {
  const response = await respond(new Request('app://page/index.html#chat'), page)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('<p>The page</p>')
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
  const script = await respond(new Request('app://page/assets/a%20b.js?v=1'), page)
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

test.each([
  'app://page/../secret.html',
  'app://page/..%2fsecret.html',
  'app://page/%2e%2e/secret.html',
  'app://page/%2e%2e%2fsecret.html',
  'app://page/assets/..%2f..%2fsecret.html',
  'app://page/..%2fpage-2%2fsecret.html',
  'app://page/..%5csecret.html',
  'app://page/index.html%00.js',
  'app://page/%ff.html',
  'app://page//etc/hosts.html',
  'app://page/',
  'app://page/assets',
  'app://page/notes.txt',
  'app://page/missing.html',
  'app://other/index.html',
  'file:///index.html',
])('refuses %s', async (address) => {
  const response = await respond(new Request(address), page)
  expect(response.status).toBe(404)
  expect(await response.text()).toBe('Not found')
})

test('refuses anything but GET', async () => {
  const response = await respond(new Request('app://page/index.html', { method: 'POST' }), page)
  expect(response.status).toBe(404)
})

test('only app://page/ is the page', () => {
  expect(pageAddress()).toBe('app://page/index.html')
  expect(isPageAddress('app://page/index.html#a')).toBe(true)
  for (const address of ['app://page.example/', 'app://page@example/', 'http://page/', 'page', ''])
    expect(isPageAddress(address), address).toBe(false)
})

test("in development, the page is that of Vite's server, which a packaged app ignores", () => {
  vi.stubEnv('ELECTRON_RENDERER_URL', 'http://localhost:5173')
  expect(pageAddress()).toBe('http://localhost:5173')
  expect(isPageAddress('http://localhost:5173/main.tsx')).toBe(true)
  expect(isPageAddress('http://localhost:5174/')).toBe(false)
  app.isPackaged = true
  expect(pageAddress()).toBe('app://page/index.html')
  expect(isPageAddress('http://localhost:5173/')).toBe(false)
})
