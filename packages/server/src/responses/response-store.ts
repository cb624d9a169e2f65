import type { Caller } from '../caller.ts'
import type { Settings } from '../settings.ts'
import type { Item, ResponseObject } from './response-schemas.ts'

/** A response and what it answers. */
export interface NewTurn {
  readonly caller: Caller
  readonly response: ResponseObject
  /** The items of its own request. */
  readonly input: readonly Item[]
  /** The response that it goes on from. */
  readonly previous: Turn | undefined
}

/** A response that is kept. */
export interface Turn extends NewTurn {
  /** Of its input and its response, as JSON. */
  readonly bytes: number
  /** With all that it goes on from. */
  readonly chainBytes: number
}

/**
 * The responses that are kept, the least recently used going first. A response holds those that it goes on from: when
 * their ids are gone, the conversation is still whole. A caller sees its own only.
 */
export class ResponseStore {
  readonly #maxResponses: number
  readonly #maxBytes: number
  /** By id, the least recently used first. */
  readonly #turns = new Map<string, Turn>()
  /** What holds a turn: its id in the store, and each held turn that goes on from it. */
  readonly #holders = new Map<Turn, number>()
  /** Of held turns, by caller and id. */
  readonly #items = new Map<string, Item>()
  #bytes = 0

  constructor({
    storedResponses,
    storedResponseBytes,
  }: Pick<Settings, 'storedResponses' | 'storedResponseBytes'>) {
    this.#maxResponses = storedResponses
    this.#maxBytes = storedResponseBytes
  }

  /** Responses whose ids are known. */
  get size(): number {
    return this.#turns.size
  }

  /** What all of them take, as JSON, with those that they go on from. */
  get bytes(): number {
    return this.#bytes
  }

  get(caller: Caller, id: string): Turn | undefined {
    const turn = this.#turns.get(id)
    if (turn?.caller !== caller) return undefined
    this.#turns.delete(id)
    this.#turns.set(id, turn)
    return turn
  }

  /** An item of a response that is kept. */
  item(caller: Caller, id: string): Item | undefined {
    return this.#items.get(itemKey(caller, id))
  }

  /** A conversation that is larger than the whole store is not kept: it would only push all others out. */
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

  /** @returns whether there was one of that caller. */
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

  /** One that was dropped meanwhile comes back with the turn that goes on from it. */
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
        // A later request may have sent the same item again.
        if (this.#items.get(key) === item) this.#items.delete(key)
      }
    }
  }
}

/** The items of a conversation up to a turn and with it, the first one first. */
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
