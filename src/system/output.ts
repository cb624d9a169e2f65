/** Where the tool speaks. With --json the one result goes to stdout and everything else to stderr. */
export interface Output {
  /** A line for a person. */
  say(line?: string): void
  /** A line for a person that is about something wrong. */
  warn(line: string): void
  /** The result for a program: one line of JSON on stdout. Does nothing without --json. */
  result(value: unknown): void
  /** The stream that `say` writes to, for questions and for what child processes print. */
  readonly stream: NodeJS.WriteStream
}

/** @param json whether a program reads stdout. */
export function standardOutput(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout
  return {
    stream,
    say: (line = '') => void stream.write(`${line}\n`),
    warn: (line) => void process.stderr.write(`${line}\n`),
    result: (value) => void (json && process.stdout.write(`${JSON.stringify(value)}\n`)),
  }
}
