import type { FlagName, FlagValues } from './flags.ts'

export interface CommandContext {
  /** What was given in place of `argument`. */
  id: string | undefined
  flags: FlagValues
  /** Ctrl-C. */
  signal: AbortSignal
}

/** A word after `models`. */
export interface ModelsCommand {
  name: string
  aliases: readonly string[]
  /** As the help shows it: empty for none, in brackets where it may be left out. */
  argument: '' | 'ID' | '[ID]'
  /** One line for the list of all. */
  summary: string
  /** What the help of this one says beyond that. */
  details: string
  flags: readonly FlagName[]
  /** @returns the exit code. */
  run(context: CommandContext): Promise<number>
}
