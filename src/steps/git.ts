import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { InterruptedError } from '../errors.ts'
import type { CommandOptions, Commands } from '../system/commands.ts'

export type GitResult =
  | { state: 'committed' }
  | { state: 'initialised' | 'skipped' | 'failed'; reason: string }

/**
 * Makes a git repository with one commit in a folder. Inside a work tree nothing is done; without an
 * identity the files are left uncommitted.
 *
 * @param message of the commit.
 * @throws InterruptedError on Ctrl-C; no half-made repository stays.
 */
export async function makeRepository(
  message: string,
  commands: Commands,
  options: CommandOptions,
): Promise<GitResult> {
  const git = async (...flags: string[]): Promise<string | undefined> => {
    options.signal.throwIfAborted()
    const result = await commands.ask(['git', ...flags], options)
    if (result === 'interrupted' || options.signal.aborted) throw new InterruptedError()
    return result.printed
  }

  if ((await git('--version')) === undefined) return { state: 'skipped', reason: 'git is not installed' }
  if ((await git('rev-parse', '--is-inside-work-tree')) === 'true') {
    return { state: 'skipped', reason: 'the folder is already inside a git work tree' }
  }
  try {
    if ((await git('init', '--quiet', '--initial-branch=main')) === undefined) {
      return { state: 'failed', reason: 'git init failed' }
    }
    // Fails where git neither knows nor can guess who commits.
    if ((await git('-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT')) === undefined) {
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
    if (committed === undefined) return { state: 'initialised', reason: 'git could not commit' }
    return { state: 'committed' }
  } catch (error) {
    // Interrupted half way: this repository is the tool's own and has no history yet.
    rmSync(join(options.cwd, '.git'), { recursive: true, force: true })
    throw error
  }
}
