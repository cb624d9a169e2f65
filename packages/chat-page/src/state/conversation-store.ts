/** Where conversations lie, by their id. */
export interface ConversationStore {
  all(): Promise<[id: string, value: unknown][]>
  read(id: string): Promise<unknown>
  write(id: string, value: unknown): Promise<void>
  remove(id: string): Promise<void>
  /** Hears of what other tabs of the browser write or remove. */
  watch(listener: (id: string) => void): void
}

/** A shelf that is gone with the page, for a browser that keeps nothing. */
export function createMemoryStore(): ConversationStore {
  const values = new Map<string, unknown>()
  return {
    all: async () => [...values],
    read: async (id) => values.get(id),
    write: async (id, value) => void values.set(id, value),
    remove: async (id) => void values.delete(id),
    watch: () => undefined,
  }
}
