import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useFolder } from '../../engine/test/engine/support.ts'
import { agents } from '../src/agent/agents.ts'
import { mirrorConfigFolder } from '../src/agent/config-files.ts'

const folder = useFolder()
let count = 0
let user = ''
let own = ''

beforeEach(() => {
  count += 1
  user = join(folder.path, `${count}`, 'user')
  own = join(folder.path, `${count}`, 'agent')
  for (const path of [join(user, 'git'), join(user, 'opencode'), own]) mkdirSync(path, { recursive: true })
  writeFileSync(join(user, 'git', 'config'), '[user]')
  vi.stubEnv('XDG_CONFIG_HOME', user)
})
afterEach(() => void vi.unstubAllEnvs())

test('the mirror has the configuration of all programs but the agent', () => {
  const mirror = mirrorConfigFolder(own, 'opencode')
  expect(readFileSync(join(mirror, 'git', 'config'), 'utf8')).toBe('[user]')
  expect(lstatSync(join(mirror, 'opencode')).isSymbolicLink()).toBe(false)
})

test('what programs created in the mirror stays at the next start', () => {
  const mirror = mirrorConfigFolder(own, 'opencode')
  mkdirSync(join(mirror, 'tool'))
  writeFileSync(join(mirror, 'tool', 'settings'), 'kept')
  writeFileSync(join(mirror, 'file'), 'kept')
  // The user has a folder of this name too now.
  mkdirSync(join(user, 'tool'))
  expect(mirrorConfigFolder(own, 'opencode')).toBe(mirror)
  expect(readFileSync(join(mirror, 'tool', 'settings'), 'utf8')).toBe('kept')
  expect(readFileSync(join(mirror, 'file'), 'utf8')).toBe('kept')
})

test('links of another session stay, and only those to what is gone are removed', () => {
  mkdirSync(join(user, 'gone'))
  const mirror = mirrorConfigFolder(own, 'opencode')
  const { ino } = lstatSync(join(mirror, 'git'))
  rmSync(join(user, 'gone'), { recursive: true })
  mkdirSync(join(user, 'new'))
  mirrorConfigFolder(own, 'opencode')
  expect(lstatSync(join(mirror, 'git')).ino).toBe(ino)
  expect(lstatSync(join(mirror, 'gone'), { throwIfNoEntry: false })).toBeUndefined()
  expect(readlinkSync(join(mirror, 'new'))).toBe(join(user, 'new'))
})

test('links follow the folder of the user, and an agent that starts one has the same', () => {
  const mirror = mirrorConfigFolder(own, 'opencode')
  const other = join(folder.path, `${count}`, 'other')
  mkdirSync(join(other, 'git'), { recursive: true })
  vi.stubEnv('XDG_CONFIG_HOME', other)
  mirrorConfigFolder(own, 'opencode')
  expect(readlinkSync(join(mirror, 'git'))).toBe(join(other, 'git'))
  vi.stubEnv('XDG_CONFIG_HOME', mirror)
  expect(mirrorConfigFolder(own, 'opencode')).toBe(mirror)
  expect(readlinkSync(join(mirror, 'git'))).toBe(join(other, 'git'))
})

test('aider reads the address and the key from a private file, which it reads after .env of the repository', () => {
  const old = join(own, '.env')
  writeFileSync(old, 'OPENAI_API_KEY=of an earlier server', { mode: 0o644 })
  const connection = { url: 'http://127.0.0.1:8000', model: 'hello', contextTokens: 1024, key: 'secret' }
  const start = agents.aider?.start(connection, own)
  const words = start?.arguments ?? []
  const file = words[words.indexOf('--env-file') + 1] ?? ''
  expect(file).toBe(old)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const lines = readFileSync(file, 'utf8').split('\n')
  for (const name of ['OPENAI_BASE_URL', 'OPENAI_API_BASE', 'AIDER_OPENAI_API_BASE'])
    expect(lines).toContain(`${name}="http://127.0.0.1:8000/v1"`)
  for (const name of ['OPENAI_API_KEY', 'AIDER_OPENAI_API_KEY']) expect(lines).toContain(`${name}="secret"`)
  expect(start?.environment).toMatchObject({
    OPENAI_API_KEY: 'secret',
    OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1',
  })
  expect(words.join(' ')).not.toContain('secret')
})
