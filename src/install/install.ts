import type { PackageManager } from '../choices.ts'
import { InterruptedError } from '../errors.ts'
import type { CommandOptions, Commands } from '../process/commands.ts'
import { installWithNpm } from './npm.ts'
import { installWithFallback } from './pnpm-yarn-bun.ts'

/** A command that runs in the new project while the user watches. */
export interface CommandContext extends CommandOptions {
  commands: Commands
  output: 'stdout' | 'stderr'
}

/** Installs the npm packages. @returns why it failed; undefined when it did not. */
export function installPackages(
  manager: PackageManager,
  context: CommandContext,
): Promise<string | undefined> {
  const { cwd } = context
  const run = (flags: readonly string[], env: NodeJS.ProcessEnv) =>
    runCommand([manager, 'install', ...flags], { ...context, env })
  return manager === 'npm'
    ? installWithNpm(cwd, context.env, (env) => run([], env))
    : installWithFallback(manager, cwd, context.env, run)
}

/**
 * Runs a command of a step.
 *
 * @returns why it failed; undefined when it did not.
 * @throws InterruptedError on Ctrl-C.
 */
export async function runCommand(
  command: readonly string[],
  { commands, ...options }: CommandContext,
): Promise<string | undefined> {
  options.signal.throwIfAborted()
  const result = await commands.run(command, options)
  if (result === 'interrupted' || options.signal.aborted) throw new InterruptedError()
  return result.failure
}
