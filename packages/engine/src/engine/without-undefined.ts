/** Removes the undefined keys, which would override other values. */
export function withoutUndefined<Value extends object>(value: Value): Partial<Value> {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined)
  const result: Partial<Value> = {}
  return Object.assign(result, Object.fromEntries(entries))
}
