import type { PromptProgress } from 'mlx-app'
import type { RunChunk } from '../mcp/tool-loop.ts'

export type Step = { chunk: RunChunk } | { progress: PromptProgress }

/**
 * The chunks of a generation with the progress of its prompt between them. Of several reports that nobody took yet,
 * only the newest is given.
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
    // A reader that left between two chunks hears no more of a failure.
    next?.catch(() => undefined)
    await iterator.return?.()
  }
}
