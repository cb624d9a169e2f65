import * as z from 'zod'
import { EngineError } from './errors.ts'

/** Names for models. A name may stand for several models, which share its calls: `{ model: 'new', weight: 1 }`. */
export type Aliases = Record<string, string | { model: string; weight: number }[]>

export const aliasesSchema = z.record(
  z.string().min(1),
  z.union([
    z.string().min(1),
    z.array(z.strictObject({ model: z.string().min(1), weight: z.number().gt(0) })).min(1),
  ]),
)

/**
 * Returns the model that a name stands for, following aliases of aliases. A name without an alias is a model.
 *
 * @param random returns a number in [0, 1)
 * @throws EngineError INVALID_REQUEST for aliases that form a circle.
 */
export function resolveAlias(aliases: Aliases, name: string, random: () => number = Math.random): string {
  const seen = [name]
  let model = name
  while (Object.hasOwn(aliases, model)) {
    const target = aliases[model]
    if (target === undefined) break
    model = typeof target === 'string' ? target : chooseByWeight(target, random())
    if (seen.includes(model)) {
      throw new EngineError('INVALID_REQUEST', `Aliases form a circle: ${[...seen, model].join(' -> ')}.`)
    }
    seen.push(model)
  }
  return model
}

function chooseByWeight(targets: { model: string; weight: number }[], chance: number): string {
  let rest = chance * targets.reduce((sum, { weight }) => sum + weight, 0)
  const chosen = targets.find(({ weight }) => {
    rest -= weight
    return rest < 0
  })
  // Rounding may leave a remainder after the last one.
  return (chosen ?? targets.at(-1))?.model ?? ''
}
