import { randomUUID } from 'node:crypto'

/** The kinds of things that this API gives ids to, by the first letters of the id. */
export type IdPrefix = 'resp' | 'msg' | 'fc' | 'fco' | 'rs'

/** An id that no other thing has, as `msg_0f8fad5bd9cb469fa16570867728950e`. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`
}
