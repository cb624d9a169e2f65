import type { ValueId, ValueOption } from './options.ts'

/** Sets the value of an option. If the option takes several values, they are added to those before. */
export function addValue(
  values: Map<ValueId, string>,
  option: ValueOption & { id: ValueId },
  value: string,
): void {
  const before = values.get(option.id)
  values.set(option.id, option.many && before !== undefined ? `${before},${value}` : value)
}

/** Returns the values of an option that takes several: `a` and `b` for `a, b,a`. */
export function splitValues(text: string | undefined): string[] {
  const values = (text ?? '').split(',').map((value) => value.trim())
  return [...new Set(values.filter((value) => value !== ''))]
}

/** Returns one line that says which values an option takes. */
export function describeValues(option: ValueOption): string {
  if (option.choices === undefined) return `${option.flag} ${option.placeholder}: ${option.help}`
  return `Values of ${option.flag}: ${option.choices.map((choice) => choice.value).join(', ')}`
}
