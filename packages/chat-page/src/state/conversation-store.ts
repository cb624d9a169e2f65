/** A store of conversations by ID. */
export interface ConversationStore {
  all(): Promise<[id: string, value: unknown][]>
  read(id: string): Promise<unknown>
  write(id: string, value: unknown): Promise<void>
  remove(id: string): Promise<void>
  /** Calls a listener when another tab writes or removes a conversation. */
  watch(listener: (id: string) => void): void
}

/** Creates a store in memory, for browsers that cannot store conversations. */
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
