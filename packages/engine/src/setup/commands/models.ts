/** `mlx-app models`: what lies on this machine, and how to get more. */
import { parseCommandLine } from './models/command-line.ts'
import { formatCommandHelp, formatModelsHelp } from './models/help.ts'
import { commands } from './models/index.ts'

/** Runs the command. @returns its exit code. */
export async function runModels(commandArguments: string[], signal: AbortSignal): Promise<number> {
  const { command, help, id, flags } = parseCommandLine(commandArguments, commands, process.env)
  if (help) {
    console.log(command === undefined ? formatModelsHelp(commands) : formatCommandHelp(command))
    return 0
  }
  return await (command ?? commands[0]).run({ id, flags, signal })
}
