/** The keyboard and the screen of a chat: `process` has them. */
export interface TerminalStreams {
  stdin: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream & { columns?: number; rows?: number }
}
