import { lstatSync, rmSync } from 'node:fs'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { InterruptedError } from '../errors.ts'
import { foldersUpFrom } from '../machine/folders.ts'
import type { CommandOptions, Commands } from '../process/commands.ts'

export type GitResult =
  | { state: 'committed' }
  | { state: 'initialised' | 'skipped' | 'failed'; reason: string }

function hasGit(folder: string): boolean {
  return lstatSync(join(folder, '.git'), { throwIfNoEntry: false }) !== undefined
}

/** The command that completes a repository without a commit. */
const commitCommand = 'git add --all && git commit'

/**
 * Creates a git repository with one commit in a folder. Does nothing inside a work tree, or if the folder has a .git.
 * Without an identity the files are left uncommitted.
 *
 * @param message of the commit.
 * @throws InterruptedError on Ctrl-C. No incomplete repository stays.
 */
export async function initRepository(
  message: string,
  commands: Commands,
  options: CommandOptions,
): Promise<GitResult> {
  let errorLine = ''
  const git = async (...flags: string[]): Promise<string | undefined> => {
    options.signal.throwIfAborted()
    const result = await commands.capture(['git', ...flags], options)
    if (result === 'interrupted' || options.signal.aborted) throw new InterruptedError()
    errorLine = result.errorLine
    return result.stdout
  }
  const withErrorLine = (reason: string): string => (errorLine === '' ? reason : `${reason} (${errorLine})`)

  if ((await git('--version')) === undefined) return { state: 'skipped', reason: 'git is not installed' }
  if ((await git('rev-parse', '--is-inside-work-tree')) === 'true') {
    return { state: 'skipped', reason: 'the folder is already inside a git work tree' }
  }
  // git does not accept this .git: it belongs to another user or is incomplete. It is not the tool's to repair.
  const repository = foldersUpFrom(options.cwd).find(hasGit)
  if (repository !== undefined) {
    const where = repository === options.cwd ? 'the folder has' : `${repository} has`
    return { state: 'skipped', reason: withErrorLine(`${where} a .git that git does not accept`) }
  }
  try {
    if ((await git('init', '--quiet', '--initial-branch=main')) === undefined) {
      return { state: 'failed', reason: withErrorLine('git init failed') }
    }
    // Fails if git neither knows nor can guess who commits.
    if ((await git('-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT')) === undefined) {
      return {
        state: 'initialised',
        reason: `there is no commit, because git has no user.name and user.email. Set them, then run: ${commitCommand}`,
      }
    }
    const added = await git('add', '--all')
    // A hook or a signing key of the user could stop and ask; this commit is the tool's own.
    const own = ['-c', 'commit.gpgsign=false', '-c', `core.hooksPath=${devNull}`]
    const committed =
      added === undefined ? undefined : await git(...own, 'commit', '--quiet', '--no-verify', '-m', message)
    if (committed === undefined) {
      return {
        state: 'initialised',
        reason: `${withErrorLine('git could not commit')}. To commit yourself, run: ${commitCommand}`,
      }
    }
    return { state: 'committed' }
  } catch (error) {
    // Interrupted halfway: this repository is the tool's own and has no history yet.
    rmSync(join(options.cwd, '.git'), { recursive: true, force: true })
    throw error
  }
}
