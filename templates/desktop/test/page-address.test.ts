import { afterEach, expect, test, vi } from 'vitest'
import { isPageAddress, pageAddress } from '../src/main/page-address.ts'
import { app } from './support/electron.ts'

vi.mock('electron', () => import('./support/electron.ts'))

afterEach(() => {
  app.isPackaged = false
  vi.unstubAllEnvs()
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
