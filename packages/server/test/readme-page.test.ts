/** What the README shows of a request is what the server answers; test/clients runs its snippets of clients. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { needs } from '../../../test/support/programs/needs.ts'
import { useServer } from './support.ts'

const shared = useServer()
const execute = promisify(execFile)
const page = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

test('curl gets the answer shown', needs('curl'), async () => {
  const [, command = '', shown = ''] = /```sh\n(curl .*?)```\n\n```text\n(.*?)```/s.exec(page) ?? []
  const own = command.replace('http://127.0.0.1:8000', shared.server.url)
  expect(own).not.toBe(command)
  const { stdout } = await execute('sh', ['-c', own])
  const pieces = shown.trimEnd().split('...')
  const pattern = pieces.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')
  expect(stdout).toMatch(new RegExp(`^${pattern}$`))
})
