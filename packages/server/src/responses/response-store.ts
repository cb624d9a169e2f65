import type { Caller } from '../caller.ts'
import type { Settings } from '../settings.ts'
import type { Item, ResponseObject } from './response-schemas.ts'

/** A response and the input that it answers. */
export interface NewTurn {
  readonly caller: Caller
  readonly response: ResponseObject
  /** The items of the request. */
  readonly input: readonly Item[]
  /** The turn that this one continues. */
  readonly previous: Turn | undefined
}

/** A stored turn. */
export interface Turn extends NewTurn {
  /** The size of the input and the response, as JSON. */
  readonly bytes: number
  /** The size including all earlier turns. */
  readonly chainBytes: number
}

/**
 * Stores responses and drops the least recently used ones. A response keeps the turns that it continues alive, so that
 * the conversation stays complete even after their IDs are dropped. Callers can access only their own responses.
 */
export class ResponseStore {
  readonly #maxResponses: number
  readonly #maxBytes: number
  /** The turns by ID, the least recently used first. */
  readonly #turns = new Map<string, Turn>()
  /** The reference count of each turn: one for its ID in the store, and one for each turn that continues it. */
  readonly #holders = new Map<Turn, number>()
  /** The items of all turns that are alive, by caller and ID. */
  readonly #items = new Map<string, Item>()
  #bytes = 0

  constructor({
    storedResponses,
    storedResponseBytes,
  }: Pick<Settings, 'storedResponses' | 'storedResponseBytes'>) {
    this.#maxResponses = storedResponses
    this.#maxBytes = storedResponseBytes
  }

  /** The number of stored responses. */
  get size(): number {
    return this.#turns.size
  }

  /** The total size as JSON, including the turns that responses continue. */
  get bytes(): number {
    return this.#bytes
  }

  /** Returns a stored turn and marks it as used. */
  get(caller: Caller, id: string): Turn | undefined {
    const turn = this.#turns.get(id)
    if (turn?.caller !== caller) return undefined
    this.#turns.delete(id)
    this.#turns.set(id, turn)
    return turn
  }

  /** Returns an item of a stored turn. */
  item(caller: Caller, id: string): Item | undefined {
    return this.#items.get(itemKey(caller, id))
  }

  /** Stores a turn. A conversation larger than the whole store is ignored, because it would displace all others. */
  add(turn: NewTurn): void {
    const bytes = Buffer.byteLength(JSON.stringify([turn.input, turn.response]))
    const chainBytes = bytes + (turn.previous?.chainBytes ?? 0)
    if (this.#maxResponses === 0 || chainBytes > this.#maxBytes) return
    const kept = { ...turn, bytes, chainBytes }
    this.#turns.set(turn.response.id, kept)
    this.#hold(kept)
    for (const id of this.#turns.keys()) {
      if (this.#turns.size <= this.#maxResponses && this.#bytes <= this.#maxBytes) break
      this.#drop(id)
    }
  }

  /** Deletes a response. Returns whether the caller had it. */
  delete(caller: Caller, id: string): boolean {
    if (this.#turns.get(id)?.caller !== caller) return false
    this.#drop(id)
    return true
  }

  #drop(id: string): void {
    const turn = this.#turns.get(id)
    this.#turns.delete(id)
    if (turn !== undefined) this.#release(turn)
  }

  /** Adds a reference to a turn, and to its earlier turns if they were no longer alive. */
  #hold(turn: Turn): void {
    for (let held: Turn | undefined = turn; held !== undefined; held = held.previous) {
      const holders = this.#holders.get(held) ?? 0
      this.#holders.set(held, holders + 1)
      if (holders > 0) return
      this.#bytes += held.bytes
      for (const item of turnItems(held)) this.#items.set(itemKey(held.caller, item.id), item)
    }
  }

  #release(turn: Turn): void {
    for (let held: Turn | undefined = turn; held !== undefined; held = held.previous) {
      const holders = (this.#holders.get(held) ?? 1) - 1
      if (holders > 0) {
        this.#holders.set(held, holders)
        return
      }
      this.#holders.delete(held)
      this.#bytes -= held.bytes
      for (const item of turnItems(held)) {
        const key = itemKey(held.caller, item.id)
        // A later request may have stored the same item again.
        if (this.#items.get(key) === item) this.#items.delete(key)
      }
    }
  }
}

/** Returns the items of a conversation up to and including a turn, oldest first. */
export function collectItems(turn: Turn | undefined): Item[] {
  const turns: Turn[] = []
  for (let each = turn; each !== undefined; each = each.previous) turns.unshift(each)
  return turns.flatMap(turnItems)
}

function turnItems({ input, response }: NewTurn): Item[] {
  return [...input, ...response.output]
}

function itemKey(caller: Caller, id: string): string {
  return `${caller}\n${id}`
}
