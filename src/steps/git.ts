import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { askCommand, type CommandOptions } from '../system/processes.ts'

export type GitResult =
  | { state: 'committed' }
  | { state: 'initialised' | 'skipped' | 'failed'; reason: string }

/**
 * Makes a git repository with one commit. Inside a work tree nothing is done; without an identity the files
 * are left uncommitted.
 *
 * @param message of the commit.
 */
export async function makeRepository(
  directory: string,
  message: string,
  options: Omit<CommandOptions, 'cwd' | 'output'>,
): Promise<GitResult> {
  const git = (...flags: string[]): Promise<string | undefined> =>
    askCommand(['git', ...flags], { ...options, cwd: directory })

  if ((await git('--version')) === undefined) return { state: 'skipped', reason: 'git is not installed' }
  if ((await git('rev-parse', '--is-inside-work-tree')) === 'true') {
    return { state: 'skipped', reason: 'the folder is already inside a git work tree' }
  }
  try {
    if ((await git('init', '--quiet', '--initial-branch=main')) === undefined) {
      return { state: 'failed', reason: 'git init failed' }
    }
    const identified = (await git('config', 'user.name')) && (await git('config', 'user.email'))
    const environmentIdentity = options.env.GIT_COMMITTER_EMAIL && options.env.GIT_AUTHOR_EMAIL
    if (!identified && !environmentIdentity) {
      return {
        state: 'initialised',
        reason: 'git has no user.name and user.email yet, so there is no commit',
      }
    }
    const added = await git('add', '--all')
    // A hook or a signing key of the user's could stop and ask; this commit is the tool's own.
    const committed =
      added === undefined
        ? undefined
        : await git('-c', 'commit.gpgsign=false', 'commit', '--quiet', '--no-verify', '-m', message)
    return committed === undefined
      ? { state: 'initialised', reason: 'git could not commit' }
      : { state: 'committed' }
  } catch (error) {
    // Interrupted half way: the repository was ours and has no history yet.
    rmSync(join(directory, '.git'), { recursive: true, force: true })
    throw error
  }
}
