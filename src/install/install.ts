import type { PackageManager } from '../choices.ts'
import { InterruptedError } from '../errors.ts'
import type { CommandOptions, Commands } from '../process/commands.ts'
import { installWithNpm } from './npm.ts'
import { installInTwoTries } from './pnpm-yarn-bun.ts'

/** A command that runs in the new project while the user watches. */
export interface Watched extends CommandOptions {
  commands: Commands
  output: 'stdout' | 'stderr'
}

/** Installs the npm packages. @returns why it failed; undefined when it did not. */
export function installPackages(manager: PackageManager, watched: Watched): Promise<string | undefined> {
  const { cwd } = watched
  const run = (flags: readonly string[], env: NodeJS.ProcessEnv) =>
    runWatched([manager, 'install', ...flags], { ...watched, env })
  return manager === 'npm'
    ? installWithNpm(cwd, watched.env, (env) => run([], env))
    : installInTwoTries(manager, cwd, watched.env, run)
}

/**
 * Runs a command of a step.
 *
 * @returns why it failed; undefined when it did not.
 * @throws InterruptedError on Ctrl-C.
 */
export async function runWatched(
  command: readonly string[],
  { commands, ...options }: Watched,
): Promise<string | undefined> {
  options.signal.throwIfAborted()
  const result = await commands.run(command, options)
  if (result === 'interrupted' || options.signal.aborted) throw new InterruptedError()
  return result.failure
}
