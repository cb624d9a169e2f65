import type { PackageManager } from '../options.ts'
import { type CommandOptions, runCommand } from '../system/processes.ts'

/** Installs the npm packages. @returns why it failed; undefined when it did not. */
export function installPackages(
  manager: PackageManager,
  options: CommandOptions,
): Promise<string | undefined> {
  return runCommand([manager, 'install'], options)
}
