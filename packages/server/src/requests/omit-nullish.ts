/** The fields that hold something, without their nulls. */
export type NonNullish<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], null | undefined> }

/** Leaves out what is null or undefined: in a request the one is as good as the other. */
export function omitNullish<Fields extends object>(fields: Fields): NonNullish<Fields>
export function omitNullish(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null))
}
