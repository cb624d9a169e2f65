import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Chunk } from 'mlx-app'

/** Returns dimmed text if the terminal supports colours and NO_COLOR is not set. */
export function dim(text: string, screen: WriteStream = process.stdout): string {
  return styled('dim', text, screen)
}

/** Returns bold text if the terminal supports colours and NO_COLOR is not set. */
export function bold(text: string): string {
  return styled('bold', text, process.stdout)
}

function styled(style: 'dim' | 'bold', text: string, screen: WriteStream): string {
  return screen.isTTY && screen.hasColors() ? styleText(style, text, { stream: screen }) : text
}

/** Returns text without control characters, so that a model can't send escape sequences to the terminal. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '')
}

/** Returns a note if an answer was cut off by the token limit, and undefined otherwise. */
export function truncationNote({ finishReason, usage }: Chunk): string | undefined {
  if (finishReason !== 'length') return undefined
  return `The answer was cut off after ${usage?.completionTokens} tokens. Use --max-tokens to allow more.`
}
