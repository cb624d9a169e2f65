/** An item of one of several streams. */
export interface StreamItem<Item> {
  /** Which stream. */
  source: number
  item: Item
}

/**
 * The items of several streams as they come.
 *
 * @param stop ends the streams: it is aborted when one fails, and when the reader leaves.
 * @throws what the first stream that fails throws.
 */
export async function* mergeStreams<Item>(
  streams: readonly AsyncIterable<Item>[],
  stop: AbortController,
): AsyncGenerator<StreamItem<Item>, void> {
  const iterators = streams.map((stream) => stream[Symbol.asyncIterator]())
  const take = async (source: number) => ({ source, result: await iterators[source]?.next() })
  const pending = new Map(iterators.map((_, source) => [source, take(source)]))
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values())
      if (result === undefined || result.done === true) pending.delete(source)
      else {
        pending.set(source, take(source))
        yield { source, item: result.value }
      }
    }
  } finally {
    // The first failure is told; those that follow from it are not.
    for (const promise of pending.values()) promise.catch(() => undefined)
    stop.abort()
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()))
  }
}
