/** The streams of a terminal. `process` has them. */
export interface TerminalStreams {
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream & { columns?: number; rows?: number }
}
