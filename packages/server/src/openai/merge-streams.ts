/** An item of one of several streams. */
export interface StreamItem<Item> {
  /** The index of the stream. */
  source: number
  item: Item
}

/**
 * Merges streams, in the order in which their items arrive.
 *
 * @param stop aborted when a stream fails or the consumer stops.
 * @throws the error of the first stream that fails.
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
    // Only the first error is thrown. Those that follow from it are ignored.
    for (const promise of pending.values()) promise.catch(() => undefined)
    stop.abort()
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()))
  }
}
