/** What the README shows of official clients runs, and prints what it says. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { useServer } from '../support.ts'

const shared = useServer()
const execute = promisify(execFile)
const page = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

// Where Node finds the clients, and git and the checks of types look past.
const place = join(import.meta.dirname, '.mlx')
mkdirSync(place, { recursive: true })
const folder = mkdtempSync(join(place, 'readme '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const snippets = Array.from(page.matchAll(/^```ts client\n(.*?)^```$/gms), ([, code = '']) => code)

test.each(snippets)('%s', async (code) => {
  const file = join(folder, 'client.ts')
  writeFileSync(file, code.replaceAll('http://127.0.0.1:8000', shared.server.url))
  const { stdout } = await execute(process.execPath, ['--import', 'tsx', file])
  const [, shown] = /^console\.log\(.*\) \/\/ (.+)$/m.exec(code) ?? []
  expect(stdout).toBe(`${shown}\n`)
})

test('both clients are shown', () => {
  expect(snippets).toHaveLength(2)
})
