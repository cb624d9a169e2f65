import type { Shelf } from './conversation-store.ts'

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

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('The browser gave no reason.'))
  })
}
