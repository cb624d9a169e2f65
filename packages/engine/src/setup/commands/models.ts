/** The command `mlx-app models`. */
import { parseCommandLine } from './models/command-line.ts'
import { formatCommandHelp, formatModelsHelp } from './models/help.ts'
import { commands } from './models/index.ts'

/** Runs the command. @returns the exit code. */
export async function runModelsCommand(commandArguments: string[], signal: AbortSignal): Promise<number> {
  const { command, help, id, flags } = parseCommandLine(commandArguments, commands, process.env)
  if (help) {
    console.log(command === undefined ? formatModelsHelp(commands) : formatCommandHelp(command))
    return 0
  }
  return await (command ?? commands[0]).run({ id, flags, signal })
}
