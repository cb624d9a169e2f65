/** Failures after the files are written, by the real programs: the project stays, and it is said how to go on. */
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { version } from '../../src/version.ts'
import { readTree, temporaryFolder, writeTree } from '../support/folders.ts'
import { program } from '../support/programs/find.ts'
import { needs } from '../support/programs/needs.ts'
import { builtTool, gitIdentity, plainEnvironment, programs, runTool } from '../support/tool.ts'

const bin = await builtTool()
const flags = ['x', '--yes', '--template', 'node', '--model', 'hello']

/** An address that nobody listens at: of a port that was free a moment ago. */
async function deadAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The server did not listen')
  return `http://127.0.0.1:${address.port}`
}

describe('installing', () => {
  it.each([
    ['npm', 'npm install && npm run setup'],
    ['pnpm', 'pnpm install && pnpm run setup'],
    ['yarn', 'yarn install && yarn run setup'],
    ['bun', 'bun install && bun run setup'],
  ])('without %s on the PATH keeps the project and says how to continue', async (manager, commands) => {
    const folder = temporaryFolder()
    const env = plainEnvironment({ PATH: programs({}) })
    const { exitCode, stderr, stdout } = await runTool(
      bin,
      [...flags, '--no-git', '--package-manager', manager],
      { cwd: folder, env },
    )
    expect(exitCode).toBe(1)
    expect(stderr).toContain(
      `Could not install the packages: ${manager} was not found on the PATH. The project is in ${join(folder, 'x')}. To finish, run there: ${commands}`,
    )
    expect(stdout).toContain(`  ${commands.replace(' && ', '\n  ')}\n`)
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true)
  })

  it('without a network keeps the project, and commits nothing from node_modules', needs('git'), async () => {
    const folder = temporaryFolder()
    const env = plainEnvironment({
      ...gitIdentity,
      npm_config_registry: await deadAddress(),
      npm_config_cache: temporaryFolder('cache'),
      npm_config_fetch_retries: '0',
    })
    const { exitCode, stderr } = await runTool(bin, flags, { cwd: folder, env })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('ECONNREFUSED')
    expect(stderr).toContain('Could not install the packages: ')
    expect(stderr).toContain(
      `The project is in ${join(folder, 'x')}. To finish, run there: npm install && npm run setup`,
    )
    const { stdout } = await execa(program('git'), ['ls-files'], { cwd: join(folder, 'x') })
    expect(stdout).toContain('package.json')
    expect(stdout).not.toContain('node_modules')
  })
})

describe('git', needs('git'), () => {
  /** Makes a project without packages, by a user with these settings of git. */
  const create = async (settings: string, variables: NodeJS.ProcessEnv = gitIdentity) => {
    const folder = temporaryFolder()
    const env = plainEnvironment(variables)
    const home = env.HOME ?? ''
    writeTree(home, { '.gitconfig': settings.replaceAll('HOME', home) })
    const result = await runTool(bin, [...flags, '--no-install'], { cwd: folder, env })
    const git = async (...command: string[]) =>
      (await execa(program('git'), command, { cwd: join(folder, 'x'), env, extendEnv: false, reject: false }))
        .stdout
    return { ...result, git }
  }
  const subject = `Create x with create-mlx-app ${version}`

  it.each([
    ['a missing commit message template', '[commit]\n\ttemplate = HOME/missing\n'],
    [
      'a signature on each commit',
      '[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n[user]\n\tsigningkey = none\n',
    ],
    ['another name for the first branch', '[init]\n\tdefaultBranch = trunk\n'],
  ])("creates its one commit even if the user's settings demand %s", async (_, settings) => {
    const { exitCode, stdout, git } = await create(settings)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Created a git repository with one commit.')
    expect(await git('log', '--format=%s')).toBe(subject)
    expect(await git('status', '--porcelain')).toBe('')
  })

  const hooks = ['pre-commit', 'prepare-commit-msg', 'commit-msg', 'post-commit']

  it.each([
    ['for all repositories', (folder: string) => `[core]\n\thooksPath = ${folder}/hooks\n`],
    ['in the repository template', (folder: string) => `[init]\n\ttemplateDir = ${folder}\n`],
  ])('runs no hook that the user has set up %s', async (_, settings) => {
    const folder = temporaryFolder()
    const mine = temporaryFolder('mine')
    const env = plainEnvironment(gitIdentity)
    for (const hook of hooks) {
      writeTree(mine, { [`hooks/${hook}`]: `#!/bin/sh\n: > '${mine}/ran-${hook}'; exit 1\n` })
      chmodSync(join(mine, 'hooks', hook), 0o755)
    }
    writeTree(env.HOME ?? '', { '.gitconfig': settings(mine) })
    const { stdout } = await runTool(bin, [...flags, '--no-install'], { cwd: folder, env })
    expect(stdout).toContain('Created a git repository with one commit.')
    expect(readdirSync(mine)).toEqual(['hooks'])
    // They are there, and would have kept the user from committing.
    const user = await execa(program('git'), ['commit', '--allow-empty', '-m', 'x'], {
      cwd: join(folder, 'x'),
      env,
      reject: false,
    })
    expect(user.exitCode).toBe(1)
  })

  it('says why it cannot commit and how to commit by hand, and the project is created', async () => {
    const { exitCode, stdout, git } = await create('[commit]\n\tcleanup = nonsense\n')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(
      /Created a git repository: git could not commit \(fatal: Invalid cleanup mode nonsense\)\. To commit yourself, run: git add --all && git commit\.\n/,
    )
    expect(await git('rev-parse', '--is-inside-work-tree')).toBe('true')
  })

  it('without an identity says what to set', async () => {
    const { exitCode, stdout } = await create('', {})
    expect(exitCode).toBe(0)
    expect(stdout).toContain(
      'there is no commit, because git has no user.name and user.email. Set them, then run: git add --all && git commit.',
    )
  })

  it('is skipped if it is not installed', async () => {
    const folder = temporaryFolder()
    const env = plainEnvironment({ PATH: programs({}) })
    const { exitCode, stdout } = await runTool(bin, [...flags, '--no-install'], { cwd: folder, env })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('No git repository was created: git is not installed.')
  })

  it('leaves a .git that is not a repository as it is', async () => {
    const folder = temporaryFolder()
    writeTree(folder, { 'x/.git/mine': 'mine' })
    const { exitCode, stdout } = await runTool(bin, [...flags, '--no-install'], {
      cwd: folder,
      env: plainEnvironment(gitIdentity),
    })
    expect(exitCode).toBe(0)
    expect(stdout).toContain(
      'No git repository was created: the folder has a .git that git does not accept (fatal: not a git',
    )
    expect(readTree(join(folder, 'x', '.git'))).toEqual({ mine: 'mine' })
  })

  it('leaves a repository of another user as it is', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can give a folder to somebody else')
    const folder = temporaryFolder()
    const project = join(folder, 'x')
    await execa(program('git'), ['init', '--quiet', project])
    for (const path of ['', '.git']) chownSync(join(project, path), 65_534, 65_534)
    const before = readTree(join(project, '.git'))
    const { exitCode, stdout } = await runTool(bin, [...flags, '--no-install'], {
      cwd: folder,
      env: plainEnvironment(gitIdentity),
    })
    expect(exitCode).toBe(0)
    expect(stdout).toContain('that git does not accept (fatal: detected dubious ownership')
    expect(readTree(join(project, '.git'))).toEqual(before)
    expect(readFileSync(join(project, 'package.json'), 'utf8')).toContain('"name": "x"')
  })
})
