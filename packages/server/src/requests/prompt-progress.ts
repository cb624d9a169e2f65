import type { PromptProgress } from 'mlx-app'
import type { RunChunk } from '../mcp/tool-loop.ts'

/** A chunk of a generation, or the progress of its prefill. */
export type Step = { chunk: RunChunk } | { progress: PromptProgress }

/**
 * Merges the chunks of a generation with the progress of its prefill. If the consumer is slow, older progress is
 * skipped.
 */
export async function* withProgress(
  generate: (onPromptProgress: (progress: PromptProgress) => void) => AsyncIterable<RunChunk>,
): AsyncGenerator<Step, void> {
  let newest: PromptProgress | undefined
  let wake = () => {}
  const chunks = generate((progress) => {
    newest = progress
    wake()
  })
  const iterator = chunks[Symbol.asyncIterator]()
  let next: Promise<IteratorResult<RunChunk>> | undefined
  try {
    for (;;) {
      const woken = new Promise<undefined>((resolve) => {
        wake = () => resolve(undefined)
      })
      next ??= iterator.next()
      const item = newest === undefined ? await Promise.race([next, woken]) : undefined
      if (newest !== undefined) {
        const progress = newest
        newest = undefined
        yield { progress }
      } else if (item !== undefined) {
        next = undefined
        if (item.done === true) return
        yield { chunk: item.value }
      }
    }
  } finally {
    // The consumer may have stopped between two chunks, so a later error must not be unhandled.
    next?.catch(() => undefined)
    await iterator.return?.()
  }
}
