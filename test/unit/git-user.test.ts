import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { userNameInGitConfig } from '../../src/machine/git-user.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'create-mlx-app-git-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** What git itself says, without the configuration of this machine and of a repository. */
async function askGit(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { stdout } = await execa(program('git'), ['config', 'user.name'], {
    cwd: home,
    env: { PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: '1', ...environment },
    extendEnv: false,
    reject: false,
  })
  return stdout === '' ? undefined : stdout
}

it.each([
  ['a name', '[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n', 'Ada Lovelace'],
  ['a quoted name', '[user]\n name = "Ada; # \\"the\\" First"\n', 'Ada; # "the" First'],
  ['a comment', '[USER]\nName=Ada # me\n', 'Ada'],
  ['two names', '[user]\nname = Ada\n[core]\neditor = vi\n[user]\nname = Grace\n', 'Grace'],
  ['names of something else', '[author]\nname = Ada\n[user "x"]\nname = Bob\n', undefined],
  ['no name', '[user]\nemail = ada@example.com\n', undefined],
])('reads the same name as git from a file with %s', needs('git'), async (_, text, name) => {
  writeFileSync(join(home, '.gitconfig'), text)
  expect(userNameInGitConfig({ HOME: home })).toBe(name)
  expect(await askGit({ HOME: home })).toBe(name)
})

it('looks where git looks', needs('git'), async () => {
  expect(userNameInGitConfig({ HOME: home })).toBeUndefined()
  mkdirSync(join(home, '.config', 'git'), { recursive: true })
  writeFileSync(join(home, '.config', 'git', 'config'), '[user]\nname = Ada\n')
  writeFileSync(join(home, 'other'), '[user]\nname = Grace\n')
  for (const [environment, name] of [
    [{ HOME: home }, 'Ada'],
    [{ HOME: home, GIT_CONFIG_GLOBAL: join(home, 'other') }, 'Grace'],
    [{ HOME: home, GIT_CONFIG_GLOBAL: '/dev/null' }, undefined],
  ] as const) {
    expect(userNameInGitConfig(environment)).toBe(name)
    expect(await askGit(environment)).toBe(name)
  }
})
