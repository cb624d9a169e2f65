import type { PackageManager } from '../choices.ts'
import { InterruptedError } from '../errors.ts'
import type { CommandContext } from '../process/commands.ts'
import { installWithNpm } from './npm.ts'
import { installWithFallback } from './pnpm-yarn-bun.ts'

/** Installs the project's packages. @returns why it failed; undefined when it succeeded. */
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
 * Runs the command of a step.
 *
 * @returns why it failed; undefined when it succeeded.
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
