import { lstatSync, rmSync } from 'node:fs'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { InterruptedError } from '../errors.ts'
import type { CommandOptions, Commands } from '../process/commands.ts'

export type GitResult =
  | { state: 'committed' }
  | { state: 'initialised' | 'skipped' | 'failed'; reason: string }

/** What finishes a repository without a commit. */
const commitByHand = 'git add --all && git commit'

/**
 * Makes a git repository with one commit in a folder. Inside a work tree nothing is done, nor where a .git lies
 * already; without an identity the files are left uncommitted.
 *
 * @param message of the commit.
 * @throws InterruptedError on Ctrl-C; no half-made repository stays.
 */
export async function initRepository(
  message: string,
  commands: Commands,
  options: CommandOptions,
): Promise<GitResult> {
  let complaint = ''
  const git = async (...flags: string[]): Promise<string | undefined> => {
    options.signal.throwIfAborted()
    const result = await commands.ask(['git', ...flags], options)
    if (result === 'interrupted' || options.signal.aborted) throw new InterruptedError()
    complaint = result.complaint
    return result.printed
  }
  const because = (reason: string): string => (complaint === '' ? reason : `${reason} (${complaint})`)

  if ((await git('--version')) === undefined) return { state: 'skipped', reason: 'git is not installed' }
  if ((await git('rev-parse', '--is-inside-work-tree')) === 'true') {
    return { state: 'skipped', reason: 'the folder is already inside a git work tree' }
  }
  // Git does not take it for a repository: one of another user, or half a one. It is not the tool's to mend.
  if (lstatSync(join(options.cwd, '.git'), { throwIfNoEntry: false }) !== undefined) {
    return { state: 'skipped', reason: because('the folder has a .git already, which git does not accept') }
  }
  try {
    if ((await git('init', '--quiet', '--initial-branch=main')) === undefined) {
      return { state: 'failed', reason: because('git init failed') }
    }
    // Fails where git neither knows nor can guess who commits.
    if ((await git('-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT')) === undefined) {
      return {
        state: 'initialised',
        reason: `git has no user.name and user.email yet, so there is no commit. Set them, then: ${commitByHand}`,
      }
    }
    const added = await git('add', '--all')
    // A hook or a signing key of the user's could stop and ask; this commit is the tool's own.
    const own = ['-c', 'commit.gpgsign=false', '-c', `core.hooksPath=${devNull}`]
    const committed =
      added === undefined ? undefined : await git(...own, 'commit', '--quiet', '--no-verify', '-m', message)
    if (committed === undefined) {
      return { state: 'initialised', reason: `${because('git could not commit')}. By hand: ${commitByHand}` }
    }
    return { state: 'committed' }
  } catch (error) {
    // Interrupted half way: this repository is the tool's own and has no history yet.
    rmSync(join(options.cwd, '.git'), { recursive: true, force: true })
    throw error
  }
}
