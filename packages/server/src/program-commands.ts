/** The commands of the server as messages show them in a project. */
import { hasScript, programCommand, scriptCommand, scriptWithArguments } from 'mlx-app/setup'

/** Returns the command for keys: the project's `keys` script if it has one, otherwise `mlx-app-server keys`. */
export function keysCommand(commandArguments: string): string {
  return hasScript('keys')
    ? scriptWithArguments('keys', commandArguments)
    : `${programCommand('mlx-app-server')} keys ${commandArguments}`
}

/** Returns the command that starts the server: the project's `start` script, otherwise `mlx-app-server`. */
export function startCommand(): string {
  return hasScript('start') ? scriptCommand('start') : programCommand('mlx-app-server')
}
