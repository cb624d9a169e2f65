/** What the README shows of the server is what it does: the request with curl, and the official clients. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { answerTo } from '../../engine/test/engine/support.ts'
import { needs } from '../../../test/support/programs/needs.ts'
import { useServer } from './support.ts'

const shared = useServer()
const execute = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'readme/10-server.md.hbs'), 'utf8').replaceAll('{{model}}', 'hello')

// Where Node finds the clients, and git and the checks of types look past.
const place = join(root, '../../.mlx')
mkdirSync(place, { recursive: true })
const folder = mkdtempSync(join(place, 'readme '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fences(kind: string): string[] {
  const found = [...page.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, 'gms'))]
  return found.map(([, code = '']) => code.replaceAll('http://127.0.0.1:8000', shared.server.url))
}

test('curl gets the answer that is shown', needs('curl'), async () => {
  const [command = ''] = fences('sh')
  const [shown = ''] = fences('text')
  const { stdout } = await execute('sh', ['-c', command])
  const pieces = shown.trimEnd().split('...')
  const pattern = pieces.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')
  expect(stdout).toMatch(new RegExp(`^${pattern}$`))
})

test('both clients print the answer', async () => {
  const printed: string[] = []
  for (const [index, code] of fences('ts').entries()) {
    const file = join(folder, `${index}.ts`)
    writeFileSync(file, code)
    printed.push((await execute(process.execPath, ['--import', 'tsx', file])).stdout)
  }
  expect(printed).toEqual([
    `${answerTo('Say hello.')}\n`,
    expect.stringContaining(`text: '${answerTo('Say hello.')}'`),
  ])
})
