import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Chunk } from 'mlx-app'

/** Text beside the answers: quieter, where the terminal has colours and NO_COLOR is not set. */
export function dim(text: string, screen: WriteStream = process.stdout): string {
  return styled('dim', text, screen)
}

export function bold(text: string): string {
  return styled('bold', text, process.stdout)
}

function styled(style: 'dim' | 'bold', text: string, screen: WriteStream): string {
  return screen.isTTY && screen.hasColors() ? styleText(style, text, { stream: screen }) : text
}

/** Text of a model for a terminal: without control characters, which could move the cursor or worse. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '')
}

/** What to tell when an answer ended because it had no more room; undefined when it came to its own end. */
export function cutNote({ finishReason, usage }: Chunk): string | undefined {
  if (finishReason !== 'length') return undefined
  return `The answer was cut at ${usage?.completionTokens} tokens: --max-tokens sets how many it may have.`
}
