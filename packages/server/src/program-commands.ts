/** How the commands of the server are called in a project, for the texts that name one. */
import { hasScript, programCommand, scriptCommand, scriptWithArguments } from 'mlx-app/setup'

/** The command for keys: the project's script of that name, else the program of this package. */
export function keysCommand(commandArguments: string): string {
  return hasScript('keys')
    ? scriptWithArguments('keys', commandArguments)
    : `${programCommand('mlx-app-server')} keys ${commandArguments}`
}

/** What starts the server: the project's script `start`, else the program of this package. */
export function startCommand(): string {
  return hasScript('start') ? scriptCommand('start') : programCommand('mlx-app-server')
}
