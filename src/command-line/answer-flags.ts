import type { Answers } from '../choices.ts'
import { allValueOptions, type ValueId } from './options.ts'
import { quote } from './quote.ts'

/**
 * Returns the flags that give these answers, each with its value and quoted for a shell: `--template node`.
 *
 * @param ids the options to return; all of them by default.
 */
export function answerFlags(answers: Answers, ids?: ReadonlySet<ValueId>): string[] {
  return allValueOptions.flatMap((option) => {
    if (ids?.has(option.id) === false) return []
    const value = option.valueIn(answers)
    return value === undefined ? [] : [`${option.flag} ${quote(value)}`]
  })
}
