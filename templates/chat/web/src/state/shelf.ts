/** Where conversations lie, by their id. */
export interface Shelf {
  all(): Promise<[id: string, value: unknown][]>
  read(id: string): Promise<unknown>
  write(id: string, value: unknown): Promise<void>
  remove(id: string): Promise<void>
  /** Hears of what other tabs of the browser write or remove. */
  watch(listener: (id: string) => void): void
}

const storeName = 'conversations'

/** A shelf in the browser's IndexedDB, which has room for images where `localStorage` has 5 MB in all. */
export async function openShelf(name = 'chat'): Promise<Shelf> {
  const opening = indexedDB.open(name, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(storeName)
  const database = await done(opening)
  const channel = new BroadcastChannel(name)
  const store = (mode: IDBTransactionMode) => database.transaction(storeName, mode).objectStore(storeName)
  const written = async (id: string, request: IDBRequest) => {
    await done(request)
    channel.postMessage(id)
  }
  return {
    all: async () => {
      const shelf = store('readonly')
      const [keys, values] = await Promise.all([done(shelf.getAllKeys()), done(shelf.getAll())])
      return keys.map((key, index) => [String(key), values[index]])
    },
    read: (id) => done<unknown>(store('readonly').get(id)),
    write: async (id, value) => written(id, store('readwrite').put(value, id)),
    remove: async (id) => written(id, store('readwrite').delete(id)),
    watch: (listener) => {
      channel.onmessage = ({ data }) => listener(String(data))
    },
  }
}

/** A shelf that is gone with the page, for a browser that keeps nothing. */
export function memoryShelf(): Shelf {
  const values = new Map<string, unknown>()
  return {
    all: async () => [...values],
    read: async (id) => values.get(id),
    write: async (id, value) => void values.set(id, value),
    remove: async (id) => void values.delete(id),
    watch: () => undefined,
  }
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('The browser gave no reason.'))
  })
}
