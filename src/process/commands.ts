export interface CommandOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  /** Ends the command when it is aborted. */
  signal: AbortSignal
}

/** How the steps run other programs. An interruption is a value here; whoever calls decides what it means. */
export interface Commands {
  /**
   * Runs a command that the user watches.
   *
   * @param options.output where it prints: stdout, or stderr when stdout is for a program.
   * @returns why it failed, in words; undefined when it did not.
   */
  run(
    command: readonly string[],
    options: CommandOptions & { output: 'stdout' | 'stderr' },
  ): Promise<{ failure: string | undefined } | 'interrupted'>

  /**
   * Runs a short command quietly.
   *
   * @returns what it printed, trimmed; undefined when it failed or is missing. And what it complained of, in one line.
   */
  ask(
    command: readonly string[],
    options: CommandOptions,
  ): Promise<{ printed: string | undefined; complaint: string } | 'interrupted'>
}
