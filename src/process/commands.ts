export interface CommandOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  /** Ends the command when it is aborted. */
  signal: AbortSignal
}

export interface RunOptions {
  output: 'stdout' | 'stderr'
  showsOnlyFailure?: boolean
}

/** Runs other programs. An interruption is a value, and the caller decides what it means. */
export interface Commands {
  /**
   * Runs a command while the user watches its output.
   *
   * @param options.output stdout, or stderr when a program reads stdout.
   * @param options.showsOnlyFailure whether the output is shown only if the command fails by itself. An interrupted
   *   Python would print where it was.
   * @returns why it failed, in words; undefined when it succeeded.
   */
  run(
    command: readonly string[],
    options: CommandOptions & RunOptions,
  ): Promise<{ failure: string | undefined } | 'interrupted'>

  /**
   * Runs a short command and captures its output.
   *
   * @returns its trimmed stdout, undefined when it failed or is missing, and the line of stderr that says why.
   */
  capture(
    command: readonly string[],
    options: CommandOptions,
  ): Promise<{ stdout: string | undefined; errorLine: string } | 'interrupted'>
}

/** What a step needs to run commands in the new project while the user watches. */
export interface CommandContext extends CommandOptions, RunOptions {
  commands: Commands
}
