import type { FlagName, FlagValues } from './flags.ts'

/** What a command is run with. */
export interface CommandContext {
  /** The model on the command line. */
  id: string | undefined
  flags: FlagValues
  /** Aborts on Ctrl-C. */
  signal: AbortSignal
}

/** A command of `mlx-app models`. */
export interface ModelsCommand {
  name: string
  aliases: readonly string[]
  /** The argument as the help shows it: empty if there is none, in brackets if it is optional. */
  argument: '' | 'ID' | '[ID]'
  /** One line for the list of commands, which starts with a verb. */
  summary: string
  /** More details for the command's own help. */
  details: string
  flags: readonly FlagName[]
  /** Runs the command. @returns the exit code. */
  run(context: CommandContext): Promise<number>
}
