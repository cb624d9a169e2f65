import { styleText } from 'node:util'

/** Prints the steps of a setup as plain lines, which read the same in a log. */
export interface Terminal {
  /** Prints a step that succeeded. */
  done(text: string): void
  /** Prints something that the user should know. */
  note(text: string): void
}

export const terminal: Terminal = {
  done: (text) => console.log(`${statusMark(true)} ${text}`),
  note: (text) => console.log(`${styleText('yellow', '!')} ${text}`),
}

/** Returns ✓ or ✗, in colour if the terminal supports it. */
export function statusMark(good: boolean): string {
  return good ? styleText('green', '✓') : styleText('red', '✗')
}
