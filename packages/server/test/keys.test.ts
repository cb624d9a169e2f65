import { execFile } from 'node:child_process'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { useFolder } from '../../engine/test/engine/support.ts'
import { runKeys } from '../src/keys/command.ts'
import { keysCommand } from '../src/program-commands.ts'
import { serverProgram } from './server-program.ts'

const folder = useFolder()
const run = promisify(execFile)
let files = 0

/** The command on a file of its own, or on one that is there. */
async function keys(argv: string[], path = join(folder.path, 'a', `${++files}.json`)) {
  const said: string[] = []
  const noted: string[] = []
  const code = await runKeys(argv, path, { say: (text) => said.push(text), note: (text) => noted.push(text) })
  return { code, said: said.join('\n'), noted: noted.join('\n'), path }
}

test('a key is shown once, and only its hash is stored, in a file that other users cannot read', async () => {
  const { code, said, path } = await keys(['create', '--name', 'laptop'])
  expect(code).toBe(0)
  expect(said).toMatch(/^mlx-[A-Za-z0-9_-]{43}$/)
  expect(readFileSync(path, 'utf8')).not.toContain(said.slice(4, 20))
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('keys are listed and revoked, by name or by id', async () => {
  const { path } = await keys(['create', '--name', 'laptop'])
  await keys(['create', '--name', 'phone'], path)
  await keys(['create', '--name', 'desk'], path)
  const listed = await keys(['list'], path)
  expect(listed.said.split('\n')).toEqual([
    expect.stringMatching(/^[0-9a-f]{8} {2}laptop {2}\d{4}-\d\d-\d\dT/),
    expect.stringMatching(/^[0-9a-f]{8} {2}phone {3}\d{4}/),
    expect.stringMatching(/^[0-9a-f]{8} {2}desk {4}\d{4}/),
  ])
  expect(await keys(['revoke', '--name', 'phone'], path)).toMatchObject({
    code: 0,
    noted: 'Revoked the key "phone".',
  })
  const id = listed.said.slice(0, 8)
  expect((await keys(['revoke', '--id', id], path)).noted).toBe('Revoked the key "laptop".')
  expect((await keys(['list'], path)).said).toMatch(/^[0-9a-f]{8} {2}desk {2}\d{4}-[^\n]*$/)
  expect((await keys(['revoke', '--name', 'desk'], path)).noted).toContain('This was the last key.')
  expect(await keys(['list'], path)).toMatchObject({ code: 0, said: '', noted: 'There are no keys.' })
})

test('failures explain the reason and change nothing', async () => {
  const { path } = await keys(['create', '--name', 'laptop'])
  const before = readFileSync(path, 'utf8')
  const failures = [
    [
      ['create', '--name', 'laptop'],
      'A key named "laptop" already exists. Revoke it or choose another name.',
    ],
    [['revoke', '--name', 'phone'], 'There is no key "phone". Existing keys: laptop.'],
    [['revoke', '--id', 'ffffffff'], 'There is no key "ffffffff". Existing keys: laptop.'],
    [['create', '--name', 'two words'], '"two words" is not a valid key name. Use up to 64 letters'],
    [['create', '--name', ''], '"" is not a valid key name'],
    [['create', '--name', 'x'.repeat(65)], 'is not a valid key name'],
  ] as const
  for (const [argv, message] of failures) {
    const { code, said, noted } = await keys([...argv], path)
    expect([code, said]).toEqual([1, ''])
    expect(noted).toContain(message)
  }
  expect(readFileSync(path, 'utf8')).toBe(before)
  writeFileSync(path, '{"keys": [{"name": "laptop"}]}')
  for (const argv of [['create', '--name', 'phone'], ['list'], ['revoke', '--name', 'laptop']]) {
    const { code, noted } = await keys(argv, path)
    expect([code, noted.split('\n')[0]]).toEqual([1, `Invalid keys file: ${path}`])
  }
  expect(readFileSync(path, 'utf8')).toBe('{"keys": [{"name": "laptop"}]}')
})

test('incorrect usage exits with 2 and shows the help', async () => {
  const wrong = [
    [[], 'No command given.'],
    [['make'], 'Unknown command "make".'],
    [['create'], 'create takes --name'],
    [['create', 'laptop'], 'Did you mean --name laptop?'],
    [['list', '--name', 'x'], 'list takes no options.'],
    [['revoke'], 'revoke takes either --name or --id.'],
    [['revoke', '--name', 'x', '--id', 'y'], 'revoke takes either --name or --id.'],
    [['create', '--nam', 'x'], "Unknown option '--nam'"],
  ] as const
  for (const [argv, message] of wrong) {
    const { code, said, noted } = await keys([...argv])
    expect([argv, code, said]).toEqual([argv, 2, ''])
    expect(noted).toContain(message)
    expect(noted).toContain(keysCommand('create --name laptop'))
  }
})

test('a command that does not release the lock is named', async () => {
  const { path } = await keys(['create', '--name', 'laptop'])
  writeFileSync(`${path}.lock`, '12345')
  const { code, noted } = await keys(['create', '--name', 'phone'], path)
  expect(code).toBe(1)
  expect(noted).toBe(
    `Another command (process 12345) is changing the keys.\nIf it is no longer running, delete ${path}.lock`,
  )
  rmSync(`${path}.lock`)
  expect((await keys(['create', '--name', 'phone'], path)).code).toBe(0)
})

test('twenty commands at once lose no key', async () => {
  const { path } = await keys(['create', '--name', 'first'])
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, index) => keys(['create', '--name', `key${index}`], path)),
  )
  expect(made.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 0))
  expect((await keys(['list'], path)).said.split('\n')).toHaveLength(21)
})

test('as processes: two at once, codes, and the file that KEYS_FILE names', async () => {
  const path = join(folder.path, 'processes.json')
  const start = (...argv: string[]) =>
    run(process.execPath, [...serverProgram, 'keys', ...argv], { env: { ...process.env, KEYS_FILE: path } })
  const [one, two] = await Promise.all([
    start('create', '--name', 'one'),
    start('create', '--name', 'two'),
    expect(start('make')).rejects.toMatchObject({ code: 2, stdout: '' }),
  ])
  expect(one.stdout).toMatch(/^mlx-[A-Za-z0-9_-]{43}\n$/)
  expect(one.stderr).toContain('Created the key "one". It is shown only once')
  expect(two.stdout).not.toBe(one.stdout)
  const names = JSON.parse(readFileSync(path, 'utf8')).keys.map(({ name }: { name: string }) => name)
  expect(names.sort()).toEqual(['one', 'two'])
  await expect(start('create', '--name', 'two')).rejects.toMatchObject({ code: 1, stdout: '' })
  expect((await start('--help')).stdout).toContain(keysCommand('revoke --name laptop'))
})
