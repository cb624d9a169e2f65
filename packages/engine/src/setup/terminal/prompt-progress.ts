/** Shows how much of a long prompt the model has read, until its answer begins. */
import { styleText } from 'node:util'
import type { PromptProgress } from '../../engine/index.ts'

/** A prompt that is read in less time shows nothing. */
const quietMs = 300

/** The line of a terminal that shows how much of a prompt has been read. */
export interface PromptProgressView {
  update(progress: PromptProgress): void
  /** Clears the line. It may be called again for each part of the answer. */
  end(): void
}

/** Shows progress in a line of a terminal. Nothing is written to a file, a pipe or a dumb terminal. */
export function showPromptProgress(stream: NodeJS.WriteStream): PromptProgressView {
  const startedAt = performance.now()
  const isSmart = stream.isTTY && process.env.TERM !== 'dumb'
  let isShown = false
  return {
    update: ({ processedTokens, totalTokens }) => {
      if (!isSmart || performance.now() - startedAt < quietMs) return
      isShown = true
      const percent = Math.floor((100 * processedTokens) / totalTokens)
      stream.write(`\r\u001b[K${styleText('dim', `Reading the prompt: ${percent} %`, { stream })}`)
    },
    end: () => {
      if (isShown) stream.write('\r\u001b[K')
      isShown = false
    },
  }
}
