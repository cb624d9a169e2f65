/** An object type without null and undefined values. */
export type NonNullish<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], null | undefined> }

/** Returns the fields that are neither null nor undefined. In requests, null counts as absent. */
export function omitNullish<Fields extends object>(fields: Fields): NonNullish<Fields>
export function omitNullish(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
}
