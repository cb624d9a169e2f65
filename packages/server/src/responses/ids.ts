import { randomUUID } from 'node:crypto'

/** The prefixes of IDs, by the kind of object. */
export type IdPrefix = 'resp' | 'msg' | 'fc' | 'fco' | 'ctc' | 'ctco' | 'rs'

/** Creates a unique ID, such as `msg_0f8fad5bd9cb469fa16570867728950e`. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`
}
