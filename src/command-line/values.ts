import type { ValueId, ValueOption } from './options.ts'

/** Sets the value of an option; what is given several times adds up where it may have several. */
export function addValue(
  values: Map<ValueId, string>,
  option: ValueOption & { id: ValueId },
  value: string,
): void {
  const before = values.get(option.id)
  values.set(option.id, option.many && before !== undefined ? `${before},${value}` : value)
}

/** The values of an option that takes several: `a, b,a` gives a and b. */
export function valuesIn(text: string | undefined): string[] {
  const values = (text ?? '').split(',').map((value) => value.trim())
  return [...new Set(values.filter((value) => value !== ''))]
}
