/** The commands of the server as messages show them in a project. */
import { hasScript, programCommand, scriptWithArguments } from 'mlx-app/setup'

/** Returns the command for keys: the project's `keys` script if it has one, otherwise `mlx-app-server keys`. */
export function keysCommand(commandArguments: string): string {
  return hasScript('keys')
    ? scriptWithArguments('keys', commandArguments)
    : `${programCommand('mlx-app-server')} keys ${commandArguments}`
}
