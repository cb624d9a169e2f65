import type { ToolError } from 'mlx-app'

/** The parts of a chunk or an answer that clients see as its text. */
interface WithText {
  text: string
  toolErrors?: readonly ToolError[] | undefined
}

/** Returns the text for clients, including malformed tool calls. Without those, the answer would look empty. */
export function visibleText({ text, toolErrors = [] }: WithText): string {
  return text + toolErrors.map(({ raw }) => raw).join('')
}
