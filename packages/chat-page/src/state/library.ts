import { errorMessage } from '../format.ts'
import { type Conversation, conversationSchema } from './conversation.ts'
import { type ConversationStore, createMemoryStore } from './conversation-store.ts'
import { Observable } from './observable.ts'

/** The maximum number of conversations. The one that was unused longest is removed first. */
export const maxConversations = 200

export interface LibraryState {
  /** Whether the store was read. */
  open: boolean
  /** The conversations, newest first. */
  conversations: readonly Conversation[]
  /** Stored values that are not valid conversations. They are kept until the user deletes them. */
  unreadable: readonly { id: string; value: unknown }[]
  /** Why conversations cannot be stored, or why the last change was not saved. */
  problem?: string
}

/** The conversations that are stored in this browser. */
export class Library extends Observable<LibraryState> {
  #store: ConversationStore = createMemoryStore()

  constructor() {
    super({ open: false, conversations: [], unreadable: [] })
  }

  /** Reads the store. If that fails, the page works without one and shows the problem. */
  async open(opening: Promise<ConversationStore>): Promise<void> {
    try {
      const store = await opening
      const found = (await store.all()).map(([id, value]) => ({
        id,
        value,
        read: conversationSchema.safeParse(value),
      }))
      this.#store = store
      this.set({
        open: true,
        conversations: newestFirst(found.flatMap(({ read }) => (read.success ? [read.data] : []))),
        unreadable: found.filter(({ read }) => !read.success).map(({ id, value }) => ({ id, value })),
      })
      store.watch((id) => void this.#refresh(id))
    } catch (error) {
      const problem = `This browser cannot store conversations: ${errorMessage(error)}`
      this.set({ ...this.get(), open: true, problem })
    }
  }

  /** Returns a conversation by its ID. */
  find(id: string): Conversation | undefined {
    return this.get().conversations.find((conversation) => conversation.id === id)
  }

  /** Adds or replaces a conversation. */
  put(conversation: Conversation): void {
    const others = this.get().conversations.filter(({ id }) => id !== conversation.id)
    const all = newestFirst([conversation, ...others])
    this.set({ ...this.get(), conversations: all.slice(0, maxConversations) })
    void this.#save(() => this.#store.write(conversation.id, conversation))
    for (const { id } of all.slice(maxConversations)) void this.#save(() => this.#store.remove(id))
  }

  /** Deletes a conversation. */
  remove(id: string): void {
    const { conversations, unreadable } = this.get()
    this.set({
      ...this.get(),
      conversations: conversations.filter((conversation) => conversation.id !== id),
      unreadable: unreadable.filter((entry) => entry.id !== id),
    })
    void this.#save(() => this.#store.remove(id))
  }

  /** Returns all conversations as text that `importFrom` can read. */
  exportText(): string {
    const { conversations, unreadable } = this.get()
    return JSON.stringify({ conversations, ...(unreadable.length > 0 && { unreadable }) }, null, 2)
  }

  /**
   * Imports conversations and replaces those with the same ID. Returns the number of conversations.
   *
   * @throws Error that describes what is wrong with the text.
   */
  importFrom(text: string): number {
    const value: unknown = JSON.parse(text)
    const list =
      typeof value === 'object' && value !== null && 'conversations' in value
        ? value.conversations
        : undefined
    if (!Array.isArray(list)) throw new Error('The file contains no list of conversations.')
    const read = list.slice(0, maxConversations).map((entry: unknown) => conversationSchema.safeParse(entry))
    const bad = read.findIndex(({ success }) => !success)
    if (bad >= 0) throw new Error(`Conversation ${bad + 1} is invalid.`)
    const conversations = read.flatMap(({ data }) => data ?? [])
    for (const conversation of conversations) this.put(conversation)
    return conversations.length
  }

  async #refresh(id: string): Promise<void> {
    const read = conversationSchema.safeParse(await this.#store.read(id))
    const others = this.get().conversations.filter((conversation) => conversation.id !== id)
    this.set({ ...this.get(), conversations: newestFirst(read.success ? [read.data, ...others] : others) })
  }

  async #save(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      this.set({ ...this.get(), problem: `The conversation could not be saved: ${errorMessage(error)}` })
    }
  }
}

function newestFirst(conversations: readonly Conversation[]): Conversation[] {
  return conversations.toSorted((one, other) => other.changed - one.changed)
}
