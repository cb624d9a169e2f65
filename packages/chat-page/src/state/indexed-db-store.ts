import type { ConversationStore } from './conversation-store.ts'

const objectStoreName = 'conversations'

/** Opens a store in IndexedDB, which has room for images. `localStorage` is limited to 5 MB. */
export async function openIndexedDbStore(name = 'chat'): Promise<ConversationStore> {
  const opening = indexedDB.open(name, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(objectStoreName)
  const database = await toPromise(opening)
  const channel = new BroadcastChannel(name)
  const store = (mode: IDBTransactionMode) =>
    database.transaction(objectStoreName, mode).objectStore(objectStoreName)
  const written = async (id: string, request: IDBRequest) => {
    await toPromise(request)
    channel.postMessage(id)
  }
  return {
    all: async () => {
      const objects = store('readonly')
      const [keys, values] = await Promise.all([toPromise(objects.getAllKeys()), toPromise(objects.getAll())])
      return keys.map((key, index) => [String(key), values[index]])
    },
    read: (id) => toPromise<unknown>(store('readonly').get(id)),
    write: async (id, value) => written(id, store('readwrite').put(value, id)),
    remove: async (id) => written(id, store('readwrite').delete(id)),
    watch: (listener) => {
      channel.onmessage = ({ data }) => listener(String(data))
    },
  }
}

function toPromise<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('The browser reported no reason.'))
  })
}
